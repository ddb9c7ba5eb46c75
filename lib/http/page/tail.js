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
 * Bytes that are read in a millisecond, about a megabyte a second: a topic of a million messages a second
 * would take all of the browser's time, and much of the broker's. What is not read waits at the broker, which
 * leaves out what this subscription cannot take, and says how many.
 */
const BYTES_PER_MS = 1000;
/** Less is not worth a pause. */
const PAUSE_LEAST_MS = 20;
/** Who waits this long for something to read has read all that came. */
const CAUGHT_UP_MS = 5;
/**
 * Many megabytes lie between a broker and who reads slowly. Who has not caught up for this long shows what
 * was live once, and begins anew with what comes now.
 */
const BEHIND_MS = 2000;
const SKIPPED = "left out here: more comes than this page reads";
const PAINT_MS = 200;
const AGAIN_MS = 1000;
/** Of a payload. */
const TEXT_MOST = 4000;

/**
 * @typedef {{ kind: "message", key: number, message: any, at: number, text: string, cut: number }
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
  #behindMs;
  #end = new AbortController();
  /** @type {string | undefined} */
  #after;
  /** @type {Entry[]} */
  #entries = [];
  #seen = 0;
  #isLive = false;
  #keys = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #painting;

  /**
   * @param {Pick<import("./api.js").Api, "stream">} api
   * @param {{ pattern: string, from: string, onChange: (view: View) => void, againMs?: number,
   *   behindMs?: number }} how `from`: empty for what comes from now on, otherwise a place in what is stored;
   *   `againMs`: until it tries again
   */
  constructor(api, { pattern, from, onChange, againMs = AGAIN_MS, behindMs = BEHIND_MS }) {
    this.#api = api;
    this.#pattern = pattern;
    this.#from = from;
    this.#onChange = onChange;
    this.#againMs = againMs;
    this.#behindMs = behindMs;
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
      let pause = this.#againMs;
      try {
        const outcome = await this.#follow(signal);
        if (outcome === "over") return;
        if (outcome === "behind") pause = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Refused && error.status > 0 && error.status < 500) {
          this.#become("ended", error.message);
          return;
        }
        this.#become("lost", error instanceof Refused ? error.message : "the connection ended");
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  /**
   * One connection; resolves when it is over, to how.
   *
   * @param {AbortSignal} signal
   * @returns {Promise<"over" | "behind" | "lost">} over: for ever
   */
  async #follow(signal) {
    // what is asked for from the past may come as late as it likes
    this.#isLive = this.#from === "" && this.#after === undefined;
    const from = this.#from === "" ? "" : `&from=${encodeURIComponent(this.#from)}`;
    const path = `${pathOf(this.#pattern)}/stream?slow=drop-old${from}`;
    const bytes = await this.#api.stream(path, { signal, after: this.#after });
    const reader = new EventReader();
    let readTo = performance.now();
    let caughtUp = readTo;
    while (true) {
      const asked = performance.now();
      const { done, value } = await bytes.read();
      if (done) break;
      const came = performance.now();
      if (!this.#isLive || came - asked > CAUGHT_UP_MS) caughtUp = came;
      for (const event of reader.read(value)) {
        if (this.#take(event)) return "over";
      }
      if (came - caughtUp > this.#behindMs) {
        await bytes.cancel();
        this.#skip();
        return "behind";
      }
      readTo = Math.max(readTo, came) + value.length / BYTES_PER_MS;
      const pause = readTo - performance.now();
      if (pause > PAUSE_LEAST_MS) await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.#become("lost", "the connection ended");
    return "lost";
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
        this.#add({
          kind: "message",
          key: this.#keys++,
          message: content,
          at: timeOf(content),
          ...textOf(content),
        });
        return false;
      case "gap":
        this.#add({ kind: "gap", key: this.#keys++, missed: content.missed });
        return false;
      case "live":
        this.#isLive = true;
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

  /** What lies between is not shown. */
  #skip() {
    this.#from = "";
    this.#after = undefined;
    const [last] = this.#entries;
    if (last?.kind === "note" && last.text === SKIPPED) return;
    this.#add({ kind: "note", key: this.#keys++, text: SKIPPED });
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
 * When a message was stored or, of one that is not, when it came here.
 *
 * @param {any} message
 * @returns {number}
 */
function timeOf({ time }) {
  return time === undefined ? Date.now() : Date.parse(time);
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
