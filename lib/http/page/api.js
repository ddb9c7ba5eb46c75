// @ts-check
/// <reference lib="dom" />
/**
 * Asking the broker: JSON there and back, and who asks. Nothing else of the page speaks to it.
 *
 * @module
 */

const KEPT = "hashbus.login";
/** Who does not answer in this time is as good as gone. */
const PATIENCE_MS = 8000;

/** An answer that is not the one hoped for; `message` is for a person. */
export class Refused extends Error {
  /**
   * @param {number} status 0: there was no answer
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** A broker over HTTP, and as whom it is asked. */
export class Api {
  /** In memory, and in what the browser forgets with the tab: never in a cookie, never in a URL. */
  #authorization = sessionStorage.getItem(KEPT);

  /** Who is logged in, as they call themselves. @returns {string | undefined} */
  get user() {
    if (this.#authorization === null) return undefined;
    const [user = ""] = decode(this.#authorization.slice("Basic ".length)).split(":");
    return user;
  }

  /**
   * @param {string} user
   * @param {string} token
   */
  logIn(user, token) {
    this.#authorization = `Basic ${encode(`${user}:${token}`)}`;
    sessionStorage.setItem(KEPT, this.#authorization);
  }

  /** Forgets who was logged in. */
  logOut() {
    this.#authorization = null;
    sessionStorage.removeItem(KEPT);
  }

  /**
   * What stands there. Rejects with Refused.
   *
   * @param {string} path
   * @returns {Promise<any>}
   */
  async get(path) {
    return await contentOf(await this.#ask(path, { signal: AbortSignal.timeout(PATIENCE_MS) }));
  }

  /**
   * Publishes; resolves to the receipt. Rejects with Refused.
   *
   * @param {string} path
   * @param {{ body: string, headers: Record<string, string> }} message
   * @returns {Promise<any>}
   */
  async post(path, { body, headers }) {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    return await contentOf(await this.#ask(path, { method: "POST", body, headers, signal }));
  }

  /**
   * Takes away. Rejects with Refused.
   *
   * @param {string} path
   */
  async delete(path) {
    const answer = await this.#ask(path, { method: "DELETE", signal: AbortSignal.timeout(PATIENCE_MS) });
    await answer.body?.cancel();
  }

  /**
   * The bytes of a stream of events, until `signal`. Rejects with Refused.
   *
   * @param {string} path
   * @param {{ signal: AbortSignal, after: string | undefined }} how `after`: the last event that is known
   * @returns {Promise<ReadableStreamDefaultReader<Uint8Array>>}
   */
  async stream(path, { signal, after }) {
    const headers = {
      Accept: "text/event-stream",
      ...(after === undefined ? {} : { "Last-Event-ID": after }),
    };
    const { body } = await this.#ask(path, { headers, signal });
    if (body === null) throw new Refused(0, "the answer has no body");
    return body.getReader();
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   * @returns {Promise<Response>}
   */
  async #ask(path, init) {
    const headers = new Headers(init.headers);
    if (this.#authorization !== null) headers.set("Authorization", this.#authorization);
    let answer;
    try {
      // with credentials the browser would ask for a password itself, and send it by itself from then on
      answer = await fetch(path, { ...init, headers, credentials: "omit", cache: "no-store" });
    } catch (error) {
      throw new Refused(0, reasonOf(error));
    }
    if (answer.ok) return answer;
    throw new Refused(answer.status, await problemOf(answer));
  }
}

/**
 * A topic or pattern as a part of a path.
 *
 * @param {string} topic
 * @returns {string}
 */
export function pathOf(topic) {
  return `/api/topics/${encodeURIComponent(topic)}`;
}

/**
 * An answer's JSON. Rejects with Refused where it breaks off, or is something else.
 *
 * @param {Response} answer
 * @returns {Promise<any>}
 */
async function contentOf(answer) {
  try {
    return await answer.json();
  } catch (error) {
    throw new Refused(0, error instanceof SyntaxError ? "its answer is no JSON" : reasonOf(error));
  }
}

/**
 * What an answer of `application/problem+json` says.
 *
 * @param {Response} answer
 * @returns {Promise<string>}
 */
async function problemOf(answer) {
  try {
    const { detail, title } = await answer.json();
    return String(detail ?? title);
  } catch {
    // something that is not ours stands between; its number is all there is to say
    return `HTTP ${answer.status}`;
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
function reasonOf(error) {
  if (error instanceof DOMException && error.name === "TimeoutError") return "it does not answer";
  return "it cannot be reached";
}

/**
 * @param {string} text
 * @returns {string}
 */
function encode(text) {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

/**
 * @param {string} base64
 * @returns {string}
 */
function decode(base64) {
  return new TextDecoder().decode(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)));
}
