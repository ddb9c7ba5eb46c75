// @ts-check
/// <reference lib="dom" />
/**
 * What the page shows, kept fresh: asks again and again for what is looked at, knows when the broker is lost,
 * and catches up by itself.
 *
 * @module
 */
import { Refused } from "./api.js";

const BEAT_MS = 1000;
/** What says that the broker is there: it is asked for once a beat, and first after a loss. */
const BROKER = "/api/broker";

/**
 * @typedef {"starting" | "live" | "lost" | "login"} Phase
 *
 * @typedef {object} State
 * @property {Phase} phase
 * @property {string} reason why it is lost, or why one has to log in
 * @property {number} since when the phase began
 * @property {any} broker the last answer
 */

/**
 * - One request at a time for each path; a slow broker gets fewer, never more.
 * - While the broker is lost only {@link BROKER} is asked for; with its answer everything that is watched is
 *   asked for at once.
 */
export class Feed {
  /** @type {State} */
  state = { phase: "starting", reason: "", since: Date.now(), broker: undefined };
  /** @type {import("./api.js").Api} */
  #api;
  /** @type {Set<(state: State) => void>} */
  #listeners = new Set();
  /** @type {Map<string, Watch>} */
  #watches = new Map();
  #asking = false;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.#api = api;
  }

  /** Begins, for as long as the page is there. */
  start() {
    setInterval(() => void this.#beat(), BEAT_MS);
    // a hidden page beats seldom
    document.addEventListener("visibilitychange", () => void this.#beat());
    void this.#beat();
  }

  /** Asks at once: somebody has logged in, or out. */
  again() {
    // what the one before saw is not for the next one
    this.state = { ...this.state, broker: undefined };
    this.#become("starting", "");
    void this.#beat();
  }

  /**
   * @param {(state: State) => void} listener
   * @returns {() => void} ends it
   */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks for a path once in so many beats; who else watches it is told the same answers.
   *
   * @param {string} path
   * @param {{ beats: number, onAnswer: (answer: any) => void, onRefused: (refused: Refused) => void }} how
   * @returns {() => void} ends it
   */
  watch(path, { beats, ...told }) {
    let watch = this.#watches.get(path);
    if (watch === undefined) {
      watch = { path, beats, told: new Set(), due: 0, asking: false, answer: undefined };
      this.#watches.set(path, watch);
    }
    const { told: all } = watch;
    all.add(told);
    if (watch.answer !== undefined) told.onAnswer(watch.answer);
    else if (this.state.phase === "live") void this.#look(watch);
    return () => {
      all.delete(told);
      if (all.size === 0) this.#watches.delete(path);
    };
  }

  async #beat() {
    if (this.#asking || this.state.phase === "login") return;
    this.#asking = true;
    try {
      const broker = await this.#api.get(BROKER);
      if (this.state.phase !== "live") this.#catchUp();
      this.#become("live", "", broker);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#asking = false;
    }
    if (this.state.phase !== "live" || document.hidden) return;
    for (const watch of this.#watches.values()) {
      if (--watch.due <= 0) void this.#look(watch);
    }
  }

  #catchUp() {
    for (const watch of this.#watches.values()) watch.due = 0;
  }

  /** @param {Watch} watch */
  async #look(watch) {
    if (watch.asking) return;
    watch.asking = true;
    watch.due = watch.beats;
    try {
      watch.answer = await this.#api.get(watch.path);
      for (const { onAnswer } of watch.told) onAnswer(watch.answer);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // that it is lost is found out by the beat, and said there
      if (error.status === 0) return;
      watch.answer = undefined;
      for (const { onRefused } of watch.told) onRefused(error);
    } finally {
      watch.asking = false;
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 401) this.#become("login", this.#api.user === undefined ? "" : error.message);
    else this.#become("lost", error.message);
  }

  /**
   * @param {Phase} phase
   * @param {string} reason
   * @param {any} [broker]
   */
  #become(phase, reason, broker = this.state.broker) {
    const since = phase === this.state.phase ? this.state.since : Date.now();
    this.state = { phase, reason, since, broker };
    for (const listener of this.#listeners) listener(this.state);
  }
}

/**
 * @typedef {object} Watch
 * @property {string} path
 * @property {number} beats
 * @property {Set<{ onAnswer: (answer: any) => void, onRefused: (refused: Refused) => void }>} told
 * @property {any} answer the last one
 * @property {number} due beats until it is asked for again
 * @property {boolean} asking
 */
