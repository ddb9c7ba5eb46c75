/**
 * A reading as Prometheus' text.
 *
 * @module
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { HistogramState } from "../../histogram.ts";
import { METRICS, type NumberMetric, type Sample } from "./definitions.ts";
import type { Reading } from "./reading.ts";

/** The media type. */
export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** What is not there (a store, for one) has no metric. */
export function expositionOf(reading: Reading): Promise<string> {
  const registry = new Registry();
  const registers = [registry];
  for (const metric of METRICS) {
    const { name, help } = metric;
    if (metric.type === "histogram") {
      const state = metric.read(reading);
      if (state !== undefined) registry.registerMetric(new ReadHistogram({ name, help, state }));
      continue;
    }
    const samples = samplesOf(metric, reading);
    if (samples.length === 0) continue;
    const labelNames = Object.keys(samples[0]![0]);
    if (metric.type === "counter") {
      const counter = new Counter({ name, help, labelNames, registers });
      for (const [labels, value] of samples) counter.inc(labels, value);
    } else {
      const gauge = new Gauge({ name, help, labelNames, registers });
      for (const [labels, value] of samples) gauge.set(labels, value);
    }
  }
  return registry.metrics();
}

function samplesOf(metric: NumberMetric, reading: Reading): readonly Sample[] {
  const read = metric.read(reading);
  if (read === undefined) return [];
  return typeof read === "number" ? [[{}, read]] : read;
}

/** What the library writes of a histogram. */
interface HistogramText {
  readonly name: string;
  readonly help: string;
  readonly type: "histogram";
  readonly values: readonly {
    readonly metricName: string;
    readonly labels: Readonly<Record<string, string | number>>;
    readonly value: number;
  }[];
}

/** One whose numbers were counted elsewhere. */
class ReadHistogram extends Histogram {
  readonly #metric: { readonly name: string; readonly help: string; readonly state: HistogramState };

  constructor(metric: { readonly name: string; readonly help: string; readonly state: HistogramState }) {
    super({ name: metric.name, help: metric.help, registers: [] });
    this.#metric = metric;
  }

  /** What a registry asks each metric for. */
  getForPromString(): Promise<HistogramText> {
    const { name, help, state: { bounds, counts, sum } } = this.#metric;
    let count = 0;
    const buckets = counts.map((more, at) => {
      count += more;
      const bound = bounds[at];
      const le = bound === undefined ? "+Inf" : bound / 1000;
      return { metricName: `${name}_bucket`, labels: { le }, value: count };
    });
    const values = [
      ...buckets,
      { metricName: `${name}_sum`, labels: {}, value: sum / 1000 },
      { metricName: `${name}_count`, labels: {}, value: count },
    ];
    return Promise.resolve({ name, help, type: "histogram", values });
  }
}
