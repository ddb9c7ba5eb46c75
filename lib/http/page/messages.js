// @ts-check
/// <reference lib="dom" />
/**
 * The messages of a topic or pattern: from now on, or from a place in what is stored.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { clock, short, whole } from "./format.js";
import { html } from "./html.js";
import { Tail } from "./tail.js";

/** Where one may begin; `time` asks for one. */
const PLACES = [
  { from: "", title: "from now on" },
  { from: "-10", title: "the last ten" },
  { from: "-10m", title: "the last ten minutes" },
  { from: "earliest", title: "from the beginning" },
  { from: "time", title: "from a time…" },
];

/** @param {{ app: import("./use.js").App, pattern: string, storing: boolean }} props */
export function MessagesPanel({ app, pattern, storing }) {
  // each start is another object: the same place may be asked for twice
  const [start, setStart] = useState(/** @type {{ from: string } | undefined} */ ({ from: "" }));
  const [view, setView] = useState(/** @type {import("./tail.js").View | undefined} */ (undefined));
  useEffect(() => {
    if (start === undefined) return undefined;
    const tail = new Tail(app.api, { pattern, from: start.from, onChange: setView });
    return () => tail.stop();
  }, [app, pattern, start]);
  return html`
    <section class="panel" aria-labelledby="messages">
      <header>
        <h2 id="messages">Messages</h2>
        <p class="small end">
          <span role="status">${start === undefined
            ? "stopped"
            : phaseOf(view)}</span>${start !== undefined && view?.phase === "open" &&
            `, ${whole(view.seen)} so far`}</p>
      </header>
      <${Controls} storing=${storing} running=${start !== undefined} onStart=${setStart}
        onStop=${() => setStart(undefined)} />
      <${Entries} entries=${view?.entries ?? []} several=${/(^|\.)#?[*>]/.test(pattern)} />
    </section>
  `;
}

/**
 * @param {{ storing: boolean, running: boolean, onStart: (start: { from: string }) => void,
 *   onStop: () => void }} props
 */
function Controls({ storing, running, onStart, onStop }) {
  const [place, setPlace] = useState("");
  const start = (/** @type {any} */ event) => {
    event.preventDefault();
    const time = String(new FormData(event.currentTarget).get("time") ?? "");
    if (place !== "time") onStart({ from: place });
    else if (time !== "") onStart({ from: new Date(time).toISOString() });
  };
  return html`<form class="row" onSubmit=${start}>
    ${
    storing && html`<label>Begin
      <select name="from" value=${place} onChange=${(/** @type {any} */ event) =>
      setPlace(event.currentTarget.value)}>${
      PLACES.map(({ from, title }) => html`<option value=${from} key=${from}>${title}</option>`)
    }</select>
    </label>`
  }
    ${
    place === "time" && html`<label>Time
      <input type="datetime-local" name="time" step="1" required />
    </label>`
  }
    <button>${running ? "Begin anew" : "Begin"}</button>
    <button type="button" disabled=${!running} onClick=${onStop}>Stop</button>
  </form>`;
}

/**
 * @param {{ entries: readonly import("./tail.js").Entry[], several: boolean }} props `several`: of more than
 *   one topic
 */
function Entries({ entries, several }) {
  return html`
    <ol class="messages" role="log" tabindex="0" aria-live="off"
      aria-label="Messages, the newest first">${entries.map((entry) =>
        html`<${OneEntry} key=${entry.key} entry=${entry} several=${several} />`
      )}</ol>
  `;
}

/** @param {{ entry: import("./tail.js").Entry, several: boolean }} props */
function OneEntry({ entry, several }) {
  if (entry.kind === "gap") {
    return html`<li class="gap">${whole(entry.missed)} left out here: more than this page reads</li>`;
  }
  if (entry.kind === "note") return html`<li class="quiet">${entry.text}</li>`;
  const { message, at, text, cut } = entry;
  const fields = [
    several ? message.topic : "",
    message.seq === undefined ? "" : `number ${message.seq}`,
    message.key === undefined ? "" : `key ${message.key}`,
    message.reply === undefined ? "" : `answer to ${message.reply}`,
    ...Object.entries(message.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  return html`
    <li>
      <div class="head"><time>${clock(at, { millis: true })}</time>${fields.filter((
        field,
      ) => field !== "").map((field) => html`<span class="mono">${field}</span>`)}</div>
      <pre>${text === "" ? html`<span class="quiet">(empty)</span>` : text}${cut > 0 &&
        html`<span class="quiet"> … ${short(cut)} characters more</span>`}</pre>
    </li>
  `;
}

/** @param {import("./tail.js").View | undefined} view @returns {string} */
function phaseOf(view) {
  switch (view?.phase) {
    case "open":
      return "live";
    case "lost":
      return `lost (${view.reason}), trying again`;
    case "ended":
      return `ended: ${view.reason}`;
    default:
      return "connecting …";
  }
}
