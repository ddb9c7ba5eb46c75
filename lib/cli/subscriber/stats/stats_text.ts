/**
 * Figures of `--stats` in words, on lines as wide as there is room, and as JSON.
 *
 *     12,345 msg/s, 1.2 MiB/s, 98,765 so far, 0 missed, p50 0.21 ms, p99 0.9 ms, max 3.1 ms
 *     all: 98,765 messages, 9.4 MiB in 8.0 s, 12,345 msg/s, 1.2 MiB/s, 0 missed
 *
 * @module
 */
import { countOf, jsonLine } from "../../../text.ts";
import type { Figures, Latency, Report } from "./stats.ts";

/** Of a second, or at the end of all. */
export type ReportKind = "second" | "all";

/** A report in words; a line that is longer than `width` goes on, indented, on the next. */
export function reportText(report: Report, { kind, width }: { kind: ReportKind; width: number }): string {
  const { total, bytes, seconds, missed, latency } = report;
  const { rate, byteRate } = ratesOf(report);
  const rates = [`${whole(rate)} msg/s`, `${bytesText(byteRate)}/s`];
  const parts = kind === "second" ? [...rates, `${whole(total)} so far`] : [
    `all: ${countOf(total, "message")}`,
    `${bytesText(bytes)} in ${seconds.toFixed(1)} s`,
    ...rates,
  ];
  parts.push(`${whole(missed)} missed`, ...latencyParts(latency, report.messages));
  return wrapped(parts, width);
}

/** A report as one JSON object; times are milliseconds, but for `seconds`. */
export function reportJson(report: Report, { kind, time }: { kind: ReportKind; time: Date }): string {
  const { seconds, messages, bytes, missed, total, latency } = report;
  const { rate, byteRate } = ratesOf(report);
  return jsonLine({
    time: time.toISOString(),
    ...(kind === "all" ? { all: true } : {}),
    seconds: rounded(seconds),
    messages,
    bytes,
    rate: rounded(rate),
    byte_rate: rounded(byteRate),
    missed,
    total,
    ...(latency === undefined ? {} : { latency: { ...latency } }),
  });
}

function ratesOf(
  { messages, bytes, seconds }: Figures,
): { readonly rate: number; readonly byteRate: number } {
  // of one message nobody can say how often it comes
  if (seconds <= 0) return { rate: 0, byteRate: 0 };
  return { rate: messages / seconds, byteRate: bytes / seconds };
}

function latencyParts(latency: Latency | undefined, messages: number): string[] {
  if (latency === undefined) return [];
  const { p50, p99, max } = latency;
  const some = latency.messages < messages ? [`of ${whole(latency.messages)}:`] : [];
  const parts = [`p50 ${msText(p50)}`, `p99 ${msText(p99)}`, `max ${msText(max)}`];
  return [[...some, parts[0]!].join(" "), ...parts.slice(1)];
}

function wrapped(parts: readonly string[], width: number): string {
  const lines: string[] = [];
  let line = "";
  for (const [at, part] of parts.entries()) {
    const piece = at === parts.length - 1 ? part : `${part},`;
    if (line !== "" && line.length + 1 + piece.length > width) {
      lines.push(line);
      line = `  ${piece}`;
    } else {
      line = line === "" ? piece : `${line} ${piece}`;
    }
  }
  return [...lines, line].join("\n");
}

function whole(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

function bytesText(bytes: number): string {
  let value = bytes;
  let at = 0;
  for (; value >= 1024 && at < UNITS.length - 1; at++) value /= 1024;
  return `${at === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[at]}`;
}

function msText(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${ms >= 100 ? Math.round(ms) : Number(ms.toPrecision(2))} ms`;
}
