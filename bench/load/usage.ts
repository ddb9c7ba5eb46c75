/**
 * What a process has used, as Linux tells it.
 *
 * @module
 */
import type { Usage } from "./job.ts";

/** A clock tick of /proc/PID/stat: 10 ms on every Linux one meets. */
const TICKS_A_SECOND = 100;

/** Seconds of processor time a process has used, all its threads together. */
export function cpuSeconds(pid: number): number {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  // the name in parentheses may hold blanks: fields are counted behind it, utime and stime are the 12th and 13th
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** Resident bytes of a process. */
export function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`));
  return Number(found?.[1] ?? 0) * 1024;
}

/** Measures from its making to {@link Meter.read}. */
export class Meter {
  readonly #pid: number;
  readonly #broker: number;
  readonly #load: number;
  readonly #since = performance.now();

  constructor(pid: number) {
    this.#pid = pid;
    this.#broker = cpuSeconds(pid);
    this.#load = cpuSeconds(Deno.pid);
  }

  /** The parts of a core that broker and generator used since. */
  read(): Usage {
    const seconds = (performance.now() - this.#since) / 1000;
    return {
      brokerCpu: (cpuSeconds(this.#pid) - this.#broker) / seconds,
      loadCpu: (cpuSeconds(Deno.pid) - this.#load) / seconds,
      brokerBytes: residentBytes(this.#pid),
    };
  }
}
