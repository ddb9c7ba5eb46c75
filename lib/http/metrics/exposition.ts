/**
 * A reading as Prometheus' text, version 0.0.4:
 *
 *     # HELP hashbus_connections connections, by what they came in by
 *     # TYPE hashbus_connections gauge
 *     hashbus_connections{listener="subscribers"} 3
 *
 * @module
 */
import type { HistogramState } from "../../histogram.ts";
import { METRICS, type NumberMetric, type Sample } from "./definitions.ts";
import type { Reading } from "./reading.ts";

/** The media type. */
export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** What is not there (a store, for one) has no metric. */
export function expositionOf(reading: Reading): string {
  const lines: string[] = [];
  for (const metric of METRICS) {
    const { name, help, type } = metric;
    const state = metric.type === "histogram" ? metric.read(reading) : undefined;
    const samples = metric.type === "histogram"
      ? state === undefined ? [] : bucketsOf(name, state)
      : samplesOf(metric, reading).map((sample) => sampleText(name, sample));
    if (samples.length === 0) continue;
    lines.push(`# HELP ${name} ${escaped(help, HELP)}`, `# TYPE ${name} ${type}`, ...samples);
  }
  return `${lines.join("\n")}\n`;
}

function samplesOf({ read }: NumberMetric, reading: Reading): readonly Sample[] {
  const value = read(reading);
  if (value === undefined) return [];
  return typeof value === "number" ? [[{}, value]] : value;
}

/** How many took no longer than each of some seconds, and all together. */
function bucketsOf(name: string, { bounds, counts, sum }: HistogramState): string[] {
  let count = 0;
  const buckets = counts.map((more, at) => {
    count += more;
    const bound = bounds[at];
    return sampleText(`${name}_bucket`, [{ le: bound === undefined ? "+Inf" : `${bound / 1000}` }, count]);
  });
  return [...buckets, sampleText(`${name}_sum`, [{}, sum / 1000]), sampleText(`${name}_count`, [{}, count])];
}

function sampleText(name: string, [labels, value]: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text, LABEL)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${value}`;
}

/** What would end a text, and in labels their quotes. */
const HELP = /[\\\n]/g;
const LABEL = /[\\\n"]/g;

function escaped(text: string, which: RegExp): string {
  return text.replace(which, (character) => character === "\n" ? "\\n" : `\\${character}`);
}
