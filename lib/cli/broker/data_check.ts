/**
 * `--data-check`: everything that is stored is verified, and what is wrong is told.
 *
 * @module
 */
import { countOf } from "../../text.ts";
import { Progress } from "../output/progress.ts";
import { complain, printLine } from "../output/stdio.ts";

/** Who a check reports to. */
export interface CheckReport {
  progress(done: number, total: number): void;
  problem(text: string): void;
}

/** What a check has found. */
export interface CheckResult {
  readonly topics: number;
  readonly messages: number;
  readonly bytes: number;
  /** Messages that wait until they are due. */
  readonly delayed: number;
  readonly problems: number;
}

/** Runs a check; the exit code: 0 where all is whole, 1 where something is not. */
export function runCheck(
  check: (report: CheckReport) => CheckResult,
  { dir, quiet }: { readonly dir: string; readonly quiet: boolean },
): number {
  const progress = new Progress({ did: "bytes verified", shown: Deno.stderr.isTerminal() && !quiet });
  let result: CheckResult;
  try {
    result = check({
      progress: (done, total) => progress.show(done, total),
      problem: (text) => {
        progress.clear();
        complain("broker", text);
      },
    });
  } finally {
    progress.end();
  }
  const { topics, messages, bytes, delayed, problems } = result;
  const held = `${dir}: ${countOf(messages, "message")} of ${countOf(topics, "topic")}, ${amount(bytes)}`;
  const waits = delayed === 0 ? "" : `, ${countOf(delayed, "message")} not due yet`;
  printLine(`${held}${waits}, ${problems === 0 ? "all whole" : countOf(problems, "problem")}`);
  return problems === 0 ? 0 : 1;
}

/** Bytes in a unit that leaves few digits. */
function amount(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return unit === 0 ? `${bytes} bytes` : `${value.toFixed(1)} ${units[unit]}`;
}
