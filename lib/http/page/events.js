// @ts-check
/**
 * Server-sent events out of the bytes of an answer: EventSource cannot send who asks. Pure.
 *
 * @module
 */

/**
 * @typedef {object} Event
 * @property {string} event what it is; "message" where nothing is said
 * @property {string} data
 * @property {string | undefined} id as it stands behind this event: what a new request goes on behind
 */

/** Bytes in, events out, wherever the bytes are cut. */
export class EventReader {
  #decoder = new TextDecoder();
  #rest = "";
  /** @type {string[]} */
  #data = [];
  #event = "";
  /** @type {string | undefined} */
  #id;

  /**
   * The events that are whole with this.
   *
   * @param {Uint8Array} bytes
   * @returns {Event[]}
   */
  read(bytes) {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    /** @type {Event[]} */
    const events = [];
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      const line = text.slice(start, text[end - 1] === "\r" && end > start ? end - 1 : end);
      start = end + 1;
      const event = this.#line(line);
      if (event !== undefined) events.push(event);
    }
    this.#rest = text.slice(start);
    return events;
  }

  /**
   * @param {string} line
   * @returns {Event | undefined}
   */
  #line(line) {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    // a comment, which only says that somebody is there
    if (colon === 0) return undefined;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
    else if (name === "id") this.#id = value;
    return undefined;
  }

  /** @returns {Event | undefined} */
  #end() {
    const lines = this.#data;
    const event = this.#event === "" ? "message" : this.#event;
    this.#data = [];
    this.#event = "";
    return lines.length === 0 ? undefined : { event, data: lines.join("\n"), id: this.#id };
  }
}
