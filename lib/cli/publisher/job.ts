/**
 * A plan with everything read that can be read before a broker is there.
 *
 * @module
 */
import { RunError, UsageError } from "../../errors.ts";
import { LARGEST_LIMITS } from "../../limits.ts";
import { quote } from "../../text.ts";
import type { PlacedCommand } from "../commands/command_file.ts";
import { readCommandFile } from "../client/sources.ts";
import { openToRead } from "../process/files.ts";
import { readWhole } from "../process/stdin.ts";
import type { PublisherPlan } from "./plan.ts";
import { laterProblem, optionsOf } from "./types.ts";

/** What is to be published. */
export type PublisherJob =
  | { readonly kind: "commands"; readonly file: readonly PlacedCommand[]; readonly readStdin: boolean }
  /** `from`: where the payload is from, for a person. */
  | { readonly kind: "message"; readonly payload: Uint8Array; readonly from: string }
  | { readonly kind: "lines" | "json lines" };

/** Reads files and stdin as far as the plan needs them whole. Throws UsageError or RunError. */
export async function preparePublisher({ source, message }: PublisherPlan): Promise<PublisherJob> {
  switch (source.kind) {
    case "commands": {
      const file = await readCommandFile(source.file, "publisher");
      for (const { command: { action }, place } of file) {
        const problem = action.verb === "json" ? laterProblem(optionsOf(action.message, message)) : undefined;
        if (problem !== undefined) throw new UsageError(`${place}: ${problem}`);
      }
      return { kind: "commands", file, readStdin: source.file !== "-" };
    }
    case "lines":
    case "json lines":
      return { kind: source.kind };
    case "message":
      return { kind: "message", payload: new TextEncoder().encode(source.text), from: "-m" };
    case "stdin":
      return { kind: "message", payload: await readWhole(Deno.stdin, { most: MOST }), from: "stdin" };
    case "payload file": {
      const file = await openToRead(source.path, "the payload file");
      const name = `the payload file ${quote(source.path, 200)}`;
      const payload = await readWhole(file, { most: MOST, name });
      return { kind: "message", payload, from: quote(source.path, 200) };
    }
  }
}

/** Throws RunError for bytes that the protocol cannot carry as they are: a classic message is one line. */
export function checkPayload(
  { payload, from }: Extract<PublisherJob, { kind: "message" }>,
  protocol: "classic" | "2",
): void {
  if (protocol === "2") return;
  const lf = payload.indexOf(LF);
  if (lf === -1 && payload.at(-1) !== CR) return;
  const has = lf === -1
    ? "ends with a CR"
    : lf === payload.length - 1
    ? "ends with a line break"
    : "has several lines";
  throw new RunError(
    `${from} ${has}, and a message is one line in the classic protocol: -l publishes each line of stdin`,
  );
}

/** Nothing larger is read: memory would fill with what no broker can be set to take. */
const MOST = LARGEST_LIMITS.payload;
const LF = 0x0a;
const CR = 0x0d;
