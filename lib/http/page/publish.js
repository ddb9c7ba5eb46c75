// @ts-check
/// <reference lib="dom" />
/**
 * A message of one's own.
 *
 * @module
 */
import { useState } from "preact/hooks";
import { pathOf, Refused } from "./api.js";
import { counted } from "./format.js";
import { html } from "./html.js";

/** @param {{ app: import("./use.js").App, topic: string }} props */
export function PublishForm({ app, topic }) {
  const [said, setSaid] = useState({ text: "", wrong: false });
  const publish = async (/** @type {any} */ event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const field = (/** @type {string} */ name) => String(form.get(name) ?? "");
    try {
      const headers = headersOf({ key: field("key"), headers: field("headers") });
      // a form's lines end in CR LF
      const body = field("payload").replaceAll("\r\n", "\n");
      setSaid({
        text: receiptOf(await app.api.post(`${pathOf(topic)}/messages`, { body, headers })),
        wrong: false,
      });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setSaid({ text: error.message, wrong: true });
    }
  };
  return html`
    <section class="panel" aria-labelledby="publish">
      <header>
        <h2 id="publish">Publish one</h2>
      </header>
      <form class="stack" onSubmit=${publish}>
        <label>Payload<textarea name="payload" spellcheck=${false}></textarea></label>
        <div class="row">
          <label class="grow">Key<input name="key" autocomplete="off" /></label>
          <label class="grow">Headers<input name="headers" placeholder="trace=1" autocomplete="off" /></label>
        </div>
        <div class="row">
          <button class="main">Publish</button>
          <p class="said ${said.wrong ? "bad" : "good"}" role="status">${said.text}</p>
        </div>
      </form>
    </section>
  `;
}

/**
 * The fields of a message as headers of the request. Throws Refused.
 *
 * @param {{ key: string, headers: string }} fields
 * @returns {Record<string, string>}
 */
export function headersOf({ key, headers }) {
  /** @type {Record<string, string>} */
  const found = {};
  if (key !== "") found["Hashbus-Key"] = encoded(key);
  for (const word of headers.split(/\s+/).filter((each) => each !== "")) {
    const [name = "", ...value] = word.split("=");
    if (!/^[a-z0-9-]+$/.test(name) || value.length === 0) {
      throw new Refused(0, `"${word}" is no header: write name=value, the name in a-z, 0-9 and -`);
    }
    found[`Hashbus-Header-${name}`] = encoded(value.join("="));
  }
  return found;
}

/** @param {string} text @returns {string} */
function encoded(text) {
  return text.replace(/[^\x21-\x24\x26-\x7e]+/g, encodeURIComponent);
}

/**
 * @param {any} receipt
 * @returns {string}
 */
function receiptOf({ seq, subscribers }) {
  const stored = seq === undefined ? "Published" : `Stored as number ${seq}`;
  if (subscribers === undefined) return stored;
  return subscribers === 0
    ? `${stored}; nobody is subscribed`
    : `${stored}; ${counted(subscribers, "subscriber")}`;
}
