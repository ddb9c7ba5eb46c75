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

/**
 * How often a disk has been told to make what was written to it last, whoever asked for it; `null` where that is not counted.
 * `device` as in /proc/mounts.
 */
export function flushesOf(device: string): number | null {
  const name = device.replace(/^\/dev\//, "");
  for (const line of Deno.readTextFileSync("/proc/diskstats").split("\n")) {
    const fields = line.trim().split(/\s+/);
    // the 16th field behind the name; not counted before Linux 5.5, and not for a part of a disk
    if (fields[2] === name) return Number(fields[18] ?? 0) || null;
  }
  return null;
}

/** Measures from its making to {@link Meter.read}. */
export class Meter {
  readonly #pid: number;
  readonly #broker: number;
  readonly #load: number;
  readonly #disk: string | null;
  readonly #flushes: number | null;
  readonly #since = performance.now();

  /** `disk`: the device whose flushes are counted. */
  constructor(pid: number, disk?: string) {
    this.#pid = pid;
    this.#disk = disk ?? null;
    this.#flushes = this.#disk === null ? null : flushesOf(this.#disk);
    this.#broker = cpuSeconds(pid);
    this.#load = cpuSeconds(Deno.pid);
  }

  /** The parts of a core that broker and generator used since. */
  read(): Usage {
    const seconds = (performance.now() - this.#since) / 1000;
    const flushes = this.#disk === null ? null : flushesOf(this.#disk);
    const brokerSeconds = cpuSeconds(this.#pid) - this.#broker;
    return {
      ...(flushes === null || this.#flushes === null ? {} : { flushes: flushes - this.#flushes }),
      brokerCpu: brokerSeconds / seconds,
      brokerSeconds,
      loadCpu: (cpuSeconds(Deno.pid) - this.#load) / seconds,
      brokerBytes: residentBytes(this.#pid),
    };
  }
}
