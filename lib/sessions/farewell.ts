/**
 * What a connection is told that the broker gives up.
 *
 * @module
 */
import { Chunk, Slice } from "../buffers.ts";
import { type Limits, LOGIN_BYTES_MOST, REQUEST_BYTES_A_SECOND, REQUEST_MS } from "../limits.ts";
import type { Protocol } from "../protocols/types.ts";
import type { LobbyEnd } from "./admission/lobby.ts";
import type { Eviction } from "./outbox/outbox.ts";
import { refusal } from "./refusal.ts";
import type { Settings } from "./settings.ts";

/** Why a connection is given up, where it can be told. */
export type Farewell =
  | Eviction
  | LobbyEnd
  | "account full"
  | "account gone"
  | "disconnected"
  | "drain timeout"
  | "internal error"
  | "unfinished request";

/** What is known when it is. */
export interface FarewellFacts {
  /** Messages that waited for it. */
  readonly unsent: number;
  /** Bytes that may wait. */
  readonly outbox: number;
  /** Milliseconds it may take no byte. */
  readonly stallTimeout: number;
  /** Milliseconds it may take until it is let in. */
  readonly loginTimeout: number;
}

/**
 * What it is told, if it can be: a `bye`, or where that is no word a refusal if nothing was given to it
 * before, so that the line is no part of anything. `inLobby`: it was not let in.
 */
export function lastWords(
  reason: Farewell,
  { session, unsent, inLobby, stallTimeout, lobby }: Pick<Settings, "stallTimeout" | "lobby"> & {
    readonly session: { readonly protocol: Protocol; readonly limits: Pick<Limits, "outbox"> };
    readonly unsent: number;
    readonly inLobby: boolean;
  },
): Slice | undefined {
  const { protocol, limits } = session;
  const facts = { unsent, outbox: limits.outbox, stallTimeout, loginTimeout: lobby.timeout };
  const { code, text } = farewellTo(reason, facts);
  const words = protocol.bye(code, text);
  if (words !== undefined || !inLobby) return words;
  return new Slice(new Chunk(protocol.turnAway(refusal("DENIED"))));
}

/** The code and the sentence of a `bye`. */
export function farewellTo(
  reason: Farewell,
  { unsent, outbox, stallTimeout, loginTimeout }: FarewellFacts,
): { readonly code: string; readonly text: string } {
  const lost = unsent === 1 ? "1 message is not sent" : `${unsent} messages are not sent`;
  switch (reason) {
    case "stalled":
      return {
        code: "SLOW_CONSUMER",
        text: `nothing was taken for ${stallTimeout / 1000} s (--stall-timeout)${
          unsent === 0 ? "" : `, and ${lost}`
        }: ${ADVICE}`,
      };
    case "outbox full":
      return {
        code: "SLOW_CONSUMER",
        text: `more waited than ${outbox} bytes (--max-outbox), or than was free of --max-memory, ` +
          `and ${lost}: ${ADVICE}`,
      };
    case "unfinished request":
      return {
        code: "TIMEOUT",
        text: `a request began and is not whole: it may take ${REQUEST_MS / 1000} s, and a second more for ` +
          `each ${REQUEST_BYTES_A_SECOND / 1024} KiB`,
      };
    case "account full":
      return {
        code: "TOO_MANY_CONNECTIONS",
        text: "this account has as many connections as it may (max-connections of its own)",
      };
    case "too much before login":
      return {
        code: "DENIED",
        text: `log in first: of who has not, ${LOGIN_BYTES_MOST} bytes are read, and less where many wait`,
      };
    case "no login":
      return {
        code: "TIMEOUT",
        text: `nobody logged in within ${loginTimeout / 1000} s (--login-timeout)`,
      };
    case "account gone":
      return {
        code: "DENIED",
        text: `this account has no place here any more${unsent === 0 ? "" : `, and ${lost}`}`,
      };
    case "disconnected":
      return { code: "DISCONNECTED", text: "who runs the broker has ended this connection" };
    case "drain timeout":
      return {
        code: "DRAINING",
        text: `the broker stops (--drain-timeout)${unsent === 0 ? "" : `, and ${lost}`}`,
      };
    case "internal error":
      return {
        code: "INTERNAL",
        text: "an error inside the broker ended this connection; its log says more",
      };
  }
}

const ADVICE = "read faster, or subscribe with slow=drop-old or, to what is durable, with from=";
