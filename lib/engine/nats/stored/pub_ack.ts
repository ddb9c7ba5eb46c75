/**
 * What JetStream answers to a publish.
 *
 *     {"stream":"hashbus","seq":7}          {"stream":"hashbus","seq":7,"duplicate":true}
 *     {"error":{"code":503,"err_code":10077,"description":"maximum messages exceeded"}, …}
 *
 * @module
 */
import type { WireCode } from "../../../errors.ts";
import { decodeText } from "../../../text.ts";
import type { NatsMessage } from "../port.ts";

/** What became of a message. `later`: nobody is there to store it at this moment. */
export type Answered = PubAck | { readonly kind: "later" };

/** What a publisher can be told. `known`: it was stored before; `unknown`: nobody can say. */
export type PubAck =
  | { readonly kind: "stored"; readonly sequence: number }
  | { readonly kind: "known" }
  | { readonly kind: "refused"; readonly code: WireCode; readonly reason: string }
  | { readonly kind: "unknown"; readonly reason: string };

const LATER = { kind: "later" } as const;
const KNOWN = { kind: "known" } as const;
/** Codes of errors that pass by themselves: the cluster has no leader, or not enough servers. */
const PASSING: ReadonlySet<number> = new Set([10005, 10008, 10009]);
const NO_RESPONDERS = 503;

/** Reads it. What is no answer of JetStream's says nothing about the message. */
export function readPubAck({ status, bytes }: NatsMessage): Answered {
  if (status === NO_RESPONDERS) return LATER;
  const read = parsed(decodeText(bytes) ?? "");
  if (read === undefined) return LATER;
  const { seq, duplicate, error } = read;
  if (typeof error === "object" && error !== null) {
    const { err_code: code, description } = error as Record<string, unknown>;
    if (typeof code === "number" && PASSING.has(code)) return LATER;
    return { kind: "refused", code: "STORE", reason: `NATS: ${String(description)}` };
  }
  if (typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 1) return LATER;
  return duplicate === true ? KNOWN : { kind: "stored", sequence: seq };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null ? read as Record<string, unknown> : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
