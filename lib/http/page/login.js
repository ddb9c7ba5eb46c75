// @ts-check
/// <reference lib="dom" />
/**
 * Who asks, where the broker has accounts.
 *
 * @module
 */
import { html } from "./html.js";

/** @param {{ app: import("./use.js").App, reason: string }} props */
export function Login({ app, reason }) {
  const logIn = (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    app.api.logIn(String(form.get("user")), String(form.get("token")));
    app.feed.again();
  };
  return html`
    <section class="panel login" aria-labelledby="title">
      <form class="stack" onSubmit=${logIn}>
        <h1 id="title" tabindex="-1">Log in to this broker</h1>
        <p class="bad" role="alert">${reason}</p>
        <label>Account<input name="user" autocomplete="username" required /></label>
        <label>Token<input name="token" type="password" autocomplete="current-password" required /></label>
        <button class="main">Log in</button>
        <p class="quiet small">Kept in this tab, and forgotten with it.</p>
      </form>
    </section>
  `;
}
