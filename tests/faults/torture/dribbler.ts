/**
 * Those who begin a request and never end it: silent ones, and one that sends a byte now and then. They have to
 * be given up in time, and told where they can be (V11).
 *
 * @module
 */
import { delay, type World } from "./honest.ts";
import { Peer } from "./peer.ts";
import type { Actor } from "./workload.ts";

/** A request of a few bytes has to be whole by then, milliseconds, and not much later on a busy machine. */
const DUE_MS = 30_000;
/** The same of who is let in with its first request, where there are accounts (`--login-timeout`). */
const LOGIN_MS = 10_000;
const LATE_MS = 8_000;
const EARLY_MS = 1_000;
const BYTE_EACH_MS = 500;

interface Beginning {
  readonly name: string;
  readonly v2: boolean;
  readonly port: "subPort" | "pubPort";
  readonly bytes: string;
  /** What is sent now and then. */
  readonly more?: string;
}

const BEGINNINGS: readonly Beginning[] = [
  { name: "half a payload", v2: true, port: "pubPort", bytes: "pub #t.half 1000\nno more" },
  { name: "half a header", v2: true, port: "subPort", bytes: "sub #t.ha" },
  { name: "a line, byte by byte", v2: false, port: "pubPort", bytes: "p pub #t.half ", more: "x" },
];

/** How a connection ended, or that it did not. */
export interface End {
  readonly v2: boolean;
  /** How long it was there, milliseconds, and how much of that the machine kept from the broker. */
  readonly ms: number;
  readonly kept: number;
  readonly closed: boolean;
  /** The last that was said to it. */
  readonly told?: string | undefined;
  /** The broker was killed, which ends everybody. */
  readonly killed: boolean;
  /** When it has to end, milliseconds; otherwise when a request has to be whole. */
  readonly due?: number;
}

/** In time and told, too late, or before its time; undefined: it is not known yet, or does not count. */
export function judgeEnd({ v2, ms, kept, closed, told, killed, due = DUE_MS }: End): string | undefined {
  // what it has no time for does not count for the broker either
  if (!closed) return ms - kept >= due + LATE_MS ? `is kept for ${ms.toFixed(0)} ms` : undefined;
  if (ms < due - EARLY_MS) return killed ? undefined : `was cut after ${ms.toFixed(0)} ms: ${told}`;
  if (v2 && told?.startsWith("bye TIMEOUT") !== true) return killed ? undefined : "was cut without a word";
  return "in time";
}

/**
 * `findings`: what was wrong with the ends they came to. `kept`: how long the machine kept the broker from its work
 * between two moments.
 */
export function dribbling(
  world: World,
  kept: (from: number, to: number) => number,
): { readonly findings: readonly string[] } & Actor {
  const findings: string[] = [];
  let on = true;
  const one = async ({ name, v2, port, bytes, more }: Beginning): Promise<void> => {
    let told: string | undefined;
    const peer = await Peer.connect(world[port], { v2, closed: ({ bye }) => void (told = bye) });
    const began = performance.now();
    peer.send(bytes);
    let judged: string | undefined;
    while (on && judged === undefined) {
      await delay(BYTE_EACH_MS);
      if (more !== undefined) peer.send(more);
      const now = performance.now();
      const { closed } = peer;
      const killed = world.killed === true;
      const due = world.accounts === true && !v2 ? LOGIN_MS : DUE_MS;
      judged = judgeEnd({ v2, ms: now - began, kept: kept(began, now), closed, told, killed, due });
      if (closed) break;
    }
    if (judged === "in time") world.counters.add("deadlines");
    else if (judged !== undefined) findings.push(`${name} ${judged}`);
    peer.close();
  };
  const done = Promise.all(BEGINNINGS.map(async (beginning) => {
    while (on) await one(beginning).catch(() => delay(50));
  })).then(() => {});
  return { findings, done, stop: () => void (on = false) };
}
