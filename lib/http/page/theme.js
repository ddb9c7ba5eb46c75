// @ts-check
/// <reference lib="dom" />
/**
 * Light, dark, or as the system has it.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { html } from "./html.js";

const KEPT = "hashbus.theme";
const NEXT = new Map([["system", "light"], ["light", "dark"], ["dark", "system"]]);

/** Goes round the three. */
export function ThemeButton() {
  const [theme, setTheme] = useState(localStorage.getItem(KEPT) ?? "system");
  useEffect(() => {
    localStorage.setItem(KEPT, theme);
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
  }, [theme]);
  return html`
    <button class="plain" onClick=${() => setTheme(NEXT.get(theme) ?? "system")}
      aria-label="Colours: ${theme}">${SIGNS.get(theme)}</button>
  `;
}

const SIGNS = new Map([["system", "◐"], ["light", "☀"], ["dark", "☾"]]);
