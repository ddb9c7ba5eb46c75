/**
 * The lines of a v2 broker that have no payload, as a client reads them.
 *
 *     ok 1000 level=memory subs=2
 *     err BAD_TOPIC this is not a topic
 *
 * @module
 */

/** A frame without a payload. */
export type FrameLine =
  | { readonly verb: "ok"; readonly count: number; readonly receipt: FrameReceipt }
  | { readonly verb: "err" | "bye"; readonly code: string; readonly text: string }
  | { readonly verb: "info"; readonly fields: Readonly<Record<string, unknown>> }
  /** `group`: whose messages they were, told to a member of it. */
  | {
    readonly verb: "gap";
    readonly pattern: string;
    readonly count: number;
    readonly group: string | undefined;
  }
  | { readonly verb: "pong" };

/** How far each of some publishes got, as far as the broker says; of several, `seq` is that of the last. */
export interface FrameReceipt {
  /** The sequence number a durable topic gave the last of them; those before it have the ones before. */
  readonly seq?: number;
  /** `memory`, `synced`, `engine`. */
  readonly level?: string;
  /** Subscribers that have it. */
  readonly subs?: number;
  /** Where a subscription begins, when what it asked for is no longer there. */
  readonly from?: number;
  /** The greatest sequence number there is, when a subscription asked for one beyond the next. */
  readonly last?: number;
}

/** A line without its end; undefined: it is none of these. */
export function parseLine(text: string): FrameLine | undefined {
  const [verb = "", first = "", ...rest] = text.split(" ");
  switch (verb) {
    case "ok":
      return isCount(first) ? { verb, count: Number(first), receipt: receiptOf(rest) } : undefined;
    case "err":
    case "bye":
      return first === "" ? undefined : { verb, code: first, text: rest.join(" ") };
    case "gap":
      return isCount(rest[0] ?? "")
        ? { verb, pattern: first, count: Number(rest[0]), group: groupIn(rest) }
        : undefined;
    case "info":
      return { verb, fields: parseInfo(text.slice("info ".length)) };
    case "pong":
      return { verb };
    default:
      return undefined;
  }
}

function groupIn(fields: readonly string[]): string | undefined {
  return fields.find((field) => field.startsWith("group="))?.slice("group=".length);
}

function receiptOf(fields: readonly string[]): FrameReceipt {
  let receipt: FrameReceipt = {};
  for (const field of fields) {
    const equals = field.indexOf("=");
    const value = field.slice(equals + 1);
    if (field.startsWith("level=")) receipt = { ...receipt, level: value };
    else if (!isCount(value)) continue;
    else if (field.startsWith("subs=")) receipt = { ...receipt, subs: Number(value) };
    else if (field.startsWith("seq=")) receipt = { ...receipt, seq: Number(value) };
    else if (field.startsWith("from=")) receipt = { ...receipt, from: Number(value) };
    else if (field.startsWith("last=")) receipt = { ...receipt, last: Number(value) };
  }
  return receipt;
}

/** What is not JSON tells nothing: info never changes how the stream is read. */
function parseInfo(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}

function isCount(text: string): boolean {
  return /^\d{1,15}$/.test(text);
}
