/**
 * What a client says on stderr about its connection and its work.
 *
 * @module
 */
import { complain, writeError } from "../output/stdio.ts";
import { showDuration } from "../options/units.ts";
import { countOf, visible } from "../../text.ts";

/** How the connection fares, as the client library tells it. */
export type ConnectionEvent =
  | {
    readonly type: "connected";
    readonly address: string;
    readonly localPort: number;
    readonly protocol: "classic" | "2";
  }
  | { readonly type: "lost"; readonly reason: string }
  | { readonly type: "retrying"; readonly attempt: number; readonly delay: number; readonly reason: string }
  | { readonly type: "restored"; readonly address: string }
  | { readonly type: "fallback" | "silent"; readonly reason: string }
  | { readonly type: "upgraded" }
  | { readonly type: "ahead"; readonly pattern: string; readonly last: number }
  | { readonly type: "gap"; readonly pattern: string; readonly group?: string; readonly missed: number }
  | { readonly type: "live" | "end"; readonly pattern: string }
  | { readonly type: "failed"; readonly pattern: string; readonly group?: string; readonly reason: string }
  | { readonly type: "ended"; readonly pattern: string; readonly group?: string; readonly reason: string }
  | { readonly type: "trimmed"; readonly pattern: string; readonly from: number }
  | { readonly type: "refused"; readonly number: number; readonly error: Error };

/** `quiet`: only what failed; `verbose`: the connection, too. */
export type Verbosity = "quiet" | "normal" | "verbose";

/** Tries that are told when the broker stays away; more would fill a log with one sentence. */
const TRIES_TOLD = 5;

/** A connection that takes longer than this is told to who waits at a terminal, milliseconds. */
const PATIENCE_MS = 1000;

/** The mouth of a program. While a prompt is shown, what it says is printed above the line being typed. */
export class Notices {
  readonly #program: string;
  readonly #verbosity: Verbosity;
  #above: ((text: string) => void) | undefined;
  #lost: string | undefined;
  #connected = false;
  /** Why the last try to connect failed. */
  #reason: string | undefined;

  constructor(program: string, verbosity: Verbosity) {
    this.#program = program;
    this.#verbosity = verbosity;
  }

  /** As `-q` and `-v` say; with both, `-q` holds. */
  static forOptions(
    program: string,
    options: { readonly quiet: boolean; readonly verbose: boolean },
  ): Notices {
    return new Notices(program, options.quiet ? "quiet" : options.verbose ? "verbose" : "normal");
  }

  /** Prints through this from now on; undefined: straight to stderr again. */
  set above(print: ((text: string) => void) | undefined) {
    this.#above = print;
  }

  /** Something failed and the program goes on: said even when quiet. */
  failed(text: string): void {
    if (this.#above === undefined) complain(this.#program, text);
    else this.#above(`${this.#program}: ${visible(text)}\n`);
  }

  /** A line of somebody else's, as it is. */
  passOn(line: string): void {
    if (this.#above === undefined) writeError(line);
    else this.#above(line);
  }

  /** Worth knowing. */
  notice(text: string): void {
    if (this.#verbosity !== "quiet") this.#say(text);
  }

  /** Worth knowing for who asked with `-v`. */
  detail(text: string): void {
    if (this.#verbosity === "verbose") this.#say(text);
  }

  /**
   * Says after a second that it is still connecting, where somebody waits for it: at a terminal, or with
   * `-v`. Until it is disposed of.
   */
  connecting(
    to: { readonly host: string; readonly port: number; readonly connectTimeout: number },
    watched: boolean = Deno.stderr.isTerminal(),
  ): Disposable {
    const told = setTimeout(() => {
      if (this.#connected) return;
      const host = to.host.includes(":") ? `[${to.host}]` : to.host;
      const why = this.#reason === undefined ? "" : ` (${this.#reason})`;
      const line = `connecting to ${host}:${to.port}${why}, for up to ${showDuration(to.connectTimeout)}`;
      if (watched) this.notice(line);
      else this.detail(line);
    }, PATIENCE_MS);
    return { [Symbol.dispose]: () => clearTimeout(told) };
  }

  /** For the client library's `onEvent`. */
  readonly onEvent = (event: ConnectionEvent): void => {
    switch (event.type) {
      case "connected":
        this.#connected = true;
        return this.detail(
          `connected to ${event.address} from port ${event.localPort}, protocol ${event.protocol}`,
        );
      case "lost":
        // told with the first try, which follows at once
        this.#lost = event.reason;
        return;
      case "retrying":
        return this.#retrying(event);
      case "restored":
        this.#lost = undefined;
        return this.notice(`connection to ${event.address} restored`);
      case "fallback":
        return this.notice(
          `${event.reason}: going on in the classic protocol (--protocol classic spares it the hello)`,
        );
      case "silent":
        return this.notice(`${event.reason}: still waiting for its answer`);
      case "upgraded":
        return this.notice("the broker speaks protocol 2 after all, and messages have their ids and headers");
      case "gap": {
        const { missed, pattern, group } = event;
        const were = missed === 1 ? "was" : "were";
        const what = `${countOf(missed, "message")} of ${pattern} ${were}`;
        if (group === undefined) return this.notice(`${what} left out (slow consumer)`);
        return this.notice(`${what} deleted before group ${group} had settled them (--retain)`);
      }
      case "live":
        return this.detail(`all that was stored of ${event.pattern} has come, now it is live`);
      case "end":
        return this.detail(`all that was asked for of ${event.pattern} has come`);
      case "failed":
        return this.failed(
          `what is stored of ${event.pattern}${
            event.group === undefined ? "" : ` in group ${event.group}`
          } ` +
            `cannot be read: ${event.reason}`,
        );
      case "ended": {
        const { pattern, group, reason } = event;
        const what = `${pattern}${group === undefined ? "" : ` in group ${group}`}`;
        return this.failed(`the broker has ended the subscription to ${what}: ${reason}`);
      }
      case "trimmed":
        return this.notice(
          `${event.pattern} begins with message ${event.from}: those before it are no longer stored`,
        );
      case "ahead":
      case "refused":
        // told by who asked for it, or sent it
        return;
    }
  };

  #retrying(event: Extract<ConnectionEvent, { type: "retrying" }>): void {
    this.#reason = event.reason;
    const next = `trying again in ${showDelay(event.delay)}`;
    if (this.#lost !== undefined) {
      this.notice(`connection lost (${this.#lost}), ${next}`);
      this.#lost = undefined;
    } else if (this.#connected && event.attempt <= TRIES_TOLD) {
      const last = event.attempt === TRIES_TOLD ? ", and so on until it is back" : "";
      this.notice(`still no connection (${event.reason}), ${next}${last}`);
    } else {
      this.detail(`no connection (${event.reason}), ${next}`);
    }
  }

  #say(text: string): void {
    const line = `${this.#program}: ${visible(text)}\n`;
    if (this.#above === undefined) writeError(line);
    else this.#above(line);
  }
}

function showDelay(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}
