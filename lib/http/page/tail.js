// @ts-check
/// <reference lib="dom" />
/**
 * Messages as they come, however many: what a person cannot read is not read.
 *
 * @module
 */
import { pathOf, Refused } from "./api.js";
import { EventReader } from "./events.js";

/** What is shown; who wants more replays it. */
const SHOWN = 200;
/**
 * Read at most in a slice of time: a topic of a million messages a second would take all of the browser's.
 * What is not read waits at the broker, which leaves out what this subscription cannot take, and says how
 * many.
 */
const SLICE_MS = 100;
const SLICE_BYTES = 64 * 1024;
const PAINT_MS = 200;
const AGAIN_MS = 1000;
/** Of a payload. */
const TEXT_MOST = 4000;

/**
 * @typedef {{ kind: "message", key: number, message: any, text: string, cut: number }
 *   | { kind: "gap", key: number, missed: number }
 *   | { kind: "note", key: number, text: string }} Entry
 *
 * @typedef {object} View
 * @property {"connecting" | "open" | "lost" | "ended"} phase
 * @property {string} reason
 * @property {readonly Entry[]} entries the newest first
 * @property {number} seen messages, shown or not
 */

/** A subscription that the page looks at, until `stop`. */
export class Tail {
  /** @type {View} */
  view = { phase: "connecting", reason: "", entries: [], seen: 0 };
  #api;
  #pattern;
  #from;
  #onChange;
  #againMs;
  #end = new AbortController();
  /** @type {string | undefined} */
  #after;
  /** @type {Entry[]} */
  #entries = [];
  #seen = 0;
  #keys = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #painting;

  /**
   * @param {Pick<import("./api.js").Api, "stream">} api
   * @param {{ pattern: string, from: string, onChange: (view: View) => void, againMs?: number }} how `from`:
   *   empty for what comes from now on, otherwise a place in what is stored; `againMs`: until it tries again
   */
  constructor(api, { pattern, from, onChange, againMs = AGAIN_MS }) {
    this.#api = api;
    this.#pattern = pattern;
    this.#from = from;
    this.#onChange = onChange;
    this.#againMs = againMs;
    void this.#run();
  }

  /** Ends it; nothing more is told. */
  stop() {
    this.#end.abort();
    clearTimeout(this.#painting);
  }

  async #run() {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        const done = await this.#follow(signal);
        if (done) return;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status > 0 && error.status < 500) {
          this.#become("ended", error.message);
          return;
        }
        this.#become("lost", error instanceof Refused ? error.message : "the connection ended");
      }
      await new Promise((resolve) => setTimeout(resolve, this.#againMs));
    }
  }

  /**
   * One connection; resolves when it is over, to whether there is to be no other.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<boolean>}
   */
  async #follow(signal) {
    const from = this.#from === "" ? "" : `&from=${encodeURIComponent(this.#from)}`;
    const path = `${pathOf(this.#pattern)}/stream?slow=drop-old${from}`;
    const bytes = await this.#api.stream(path, { signal, after: this.#after });
    const reader = new EventReader();
    let sliceEnds = performance.now() + SLICE_MS;
    let read = 0;
    while (true) {
      const { done, value } = await bytes.read();
      if (done) break;
      for (const event of reader.read(value)) {
        if (this.#take(event)) return true;
      }
      read += value.length;
      const rest = sliceEnds - performance.now();
      if (read >= SLICE_BYTES && rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      if (performance.now() >= sliceEnds) {
        sliceEnds = performance.now() + SLICE_MS;
        read = 0;
      }
    }
    this.#become("lost", "the connection ended");
    return false;
  }

  /**
   * @param {import("./events.js").Event} event
   * @returns {boolean} whether it was the last for ever
   */
  #take({ event, data, id }) {
    if (id !== undefined) this.#after = id;
    const content = JSON.parse(data);
    switch (event) {
      case "message":
        this.#seen++;
        this.#add({ kind: "message", key: this.#keys++, message: content, ...textOf(content) });
        return false;
      case "gap":
        this.#add({ kind: "gap", key: this.#keys++, missed: content.missed });
        return false;
      case "live":
        this.#add({
          kind: "note",
          key: this.#keys++,
          text: "what was stored ends here; what follows is live",
        });
        return false;
      case "open":
        this.#become("open", "");
        return false;
      case "end":
        // a broker that stops may be there again soon
        if (content.code === "DRAINING") {
          this.#become("lost", content.detail);
          return false;
        }
        this.#become("ended", content.detail);
        return true;
      default:
        return false;
    }
  }

  /** @param {Entry} entry */
  #add(entry) {
    this.#entries.unshift(entry);
    if (this.#entries.length > SHOWN) this.#entries.length = SHOWN;
    this.#painting ??= setTimeout(() => this.#paint(), PAINT_MS);
  }

  /**
   * @param {View["phase"]} phase
   * @param {string} reason
   */
  #become(phase, reason) {
    this.view = { ...this.view, phase, reason };
    this.#paint();
  }

  #paint() {
    clearTimeout(this.#painting);
    this.#painting = undefined;
    this.view = { ...this.view, entries: [...this.#entries], seen: this.#seen };
    this.#onChange(this.view);
  }
}

/**
 * A payload as text, and how many characters of it are not shown.
 *
 * @param {any} message
 * @returns {{ text: string, cut: number }}
 */
function textOf({ payload, payload_base64: base64 }) {
  const text = payload ?? `base64: ${base64}`;
  return { text: text.slice(0, TEXT_MOST), cut: Math.max(0, text.length - TEXT_MOST) };
}
