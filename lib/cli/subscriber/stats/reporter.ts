/**
 * `--stats` on its way to stdout: a line a second, and one with all at the end.
 *
 * @module
 */
import type { Output } from "../../output/output.ts";
import type { Stats } from "./stats.ts";
import { reportJson, type ReportKind, reportText } from "./stats_text.ts";

const SECOND_MS = 1000;

/** Writes what is counted. */
export class Reporter {
  readonly #stats: Stats;
  readonly #out: Output;
  readonly #json: boolean;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(stats: Stats, { out, json }: { readonly out: Output; readonly json: boolean }) {
    this.#stats = stats;
    this.#out = out;
    this.#json = json;
    this.#timer = setInterval(() => this.#write("second"), SECOND_MS);
  }

  /** Writes the last line. */
  end(): void {
    clearInterval(this.#timer);
    // a terminal shows the Ctrl-C that was pressed
    if (Deno.stdout.isTerminal()) this.#out.text("\n");
    this.#write("all");
  }

  #write(kind: ReportKind): void {
    const report = kind === "second" ? this.#stats.next() : this.#stats.all();
    // whoever does not read misses a second, and memory does not fill
    if (kind === "second" && this.#out.full) return;
    const line = this.#json
      ? reportJson(report, { kind, time: new Date() })
      : reportText(report, { kind, width: columns() });
    this.#out.text(`${line}\n`);
  }
}

/** Of the terminal, as it is now; elsewhere a line is never too long. */
function columns(): number {
  if (!Deno.stdout.isTerminal()) return Infinity;
  const { columns } = Deno.consoleSize();
  return columns > 0 ? columns : Infinity;
}
