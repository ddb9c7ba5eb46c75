/**
 * The handshake: `hello 2`, and what a broker makes of it, which tells what it speaks.
 *
 *     p1 hello 2⏎   →                               with user= and token= where there are credentials (A1)
 *                   ←   OK_2⏎                       it speaks v2
 *                   ←   ERR_DENIED⏎                 it does not let this client in (A4)
 *                   ←   HTTP/1.1 400 …   <html>     it is no broker
 *                   ←   OK⏎   OK   ERR_X⏎   what?   it does not
 *                   ←                               it closes, or says nothing: perhaps because of hello
 *
 * @module
 */
import type { Framing } from "../../protocols/classic/client_decoder.ts";
import { encodeRequest } from "../../protocols/classic/client_requests.ts";
import { visible } from "../../text.ts";
import { LF } from "../../wire/bytes.ts";
import { encodeField } from "../../wire/fields.ts";
import { isTurnedAway } from "../links/refusals.ts";
import { type Incoming, QUIET } from "../sockets/incoming.ts";
import type { Patience } from "../promises.ts";
import type { Socket } from "../sockets/socket.ts";
import type { ClientCredentials } from "../types.ts";

/** What came of a hello. */
export type HandshakeResult =
  | { readonly kind: "2" }
  /** `said` is its answer; `framing`: how it ends what it says. */
  | { readonly kind: "classic"; readonly said: string; readonly framing: Framing }
  /** It lets in others, not this client, or only who has credentials. */
  | { readonly kind: "denied" }
  /** It is a server of another kind, with an answer to anything. */
  | { readonly kind: "http" }
  /** It serves nobody more now. */
  | { readonly kind: "turned away"; readonly said: string }
  /** It closed the connection, or is silent; `reason` is a clause for a person. */
  | { readonly kind: "unanswered"; readonly silent: boolean; readonly reason: string };

/** Silence behind an answer without LF after which there will be none. */
const BARE_MS = 100;
/** Silence behind the beginning of `OK_2`, which nobody else says: the rest is on its way. */
const REST_MS = 5_000;
/** Silence behind an answer in words: a welcome may have come before it, or more words may follow it. */
const WORDS_MS = 200;
/** An answer that has begun and still goes on after so long is none that goes on for ever. */
const ANSWER_MS = 5_000;
/** An answer of more bytes is none. */
const ANSWER_MOST = 4096;

const decoder = new TextDecoder();

/** Who says hello. */
export interface Caller {
  readonly id: string;
  readonly credentials: ClientCredentials | undefined;
}

/** Says hello. Rejects when the connection breaks. */
export function sayHello(socket: Socket, { id, credentials }: Caller): Promise<void> {
  if (credentials === undefined) return socket.write(encodeRequest(id, "hello 2"));
  const { user, token } = credentials;
  const shown = encodeField("user", user) + encodeField("token", token);
  return socket.write(encodeRequest(id, `hello 2${shown}`));
}

/**
 * Reads the answer to hello, nothing beyond it: what came behind `OK_2` is given back to `incoming`. Whatever
 * else the first words of a broker are, they are its answer to this and not a delivery, for nothing is
 * subscribed yet. After a silence as long as `patience` it may be asked again. Rejects when
 * the connection breaks.
 */
export async function hearAnswer(
  incoming: Incoming,
  { clock, ms }: Patience,
): Promise<HandshakeResult> {
  let answer = new Uint8Array(0);
  let begun = Infinity;
  for (;;) {
    const chunk = await incoming.readWithin(answer.length === 0 ? ms : silenceThatEnds(answer));
    if (chunk === null || chunk === QUIET) {
      if (answer.length > 0 && !(chunk === QUIET && isHalf(answer))) return answered(answer);
      incoming.unread(answer);
      const reason = chunk === null
        ? "the broker closed the connection at hello"
        : "the broker did not answer hello";
      return { kind: "unanswered", silent: chunk === QUIET, reason };
    }
    if (answer.length === 0) begun = clock.now();
    const whole = new Uint8Array(answer.length + chunk.length);
    whole.set(answer);
    whole.set(chunk, answer.length);
    answer = whole;
    const lf = answer.indexOf(LF);
    const line = lf === -1 ? undefined : decoder.decode(answer.subarray(0, lf)).replace(/\r$/, "");
    if (line === "OK_2") {
      incoming.unread(answer.subarray(lf + 1));
      return { kind: "2" };
    }
    if (line !== undefined && isHttp(line)) return { kind: "http" };
    const enough = answer.length > ANSWER_MOST || clock.now() - begun > ANSWER_MS;
    if (enough || (line !== undefined && isReply(line))) return answered(answer);
  }
}

function isReply(line: string): boolean {
  return line === "OK" || /^ERR\S*$/.test(line);
}

/** Whether a server of HTTP says that; to what has no version some send the page alone, as of HTTP/0.9. */
function isHttp(text: string): boolean {
  return /^(?:HTTP\/1\.|<!doctype|<html)/i.test(text);
}

function silenceThatEnds(answer: Uint8Array): number {
  if (isHalf(answer)) return REST_MS;
  return isReply(decoder.decode(answer)) ? BARE_MS : WORDS_MS;
}

/** Whether it can only be a part of `OK_2`: `OK` alone may be all that somebody says. */
function isHalf(answer: Uint8Array): boolean {
  const text = decoder.decode(answer);
  return text !== "OK" && "OK_2\r".startsWith(text);
}

function answered(answer: Uint8Array): HandshakeResult {
  const text = decoder.decode(answer).trim();
  const said = visible(text.slice(0, 200));
  if (isHttp(text)) return { kind: "http" };
  if (text === "ERR_DENIED") return { kind: "denied" };
  // a broker that is short of memory for a moment says so to whatever it is asked
  if (isTurnedAway(text) || text === "ERR_BUSY") return { kind: "turned away", said };
  return { kind: "classic", said, framing: answer.includes(LF) ? "lines" : "bare" };
}
