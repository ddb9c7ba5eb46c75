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
const LATE_MS = 8_000;
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

/** `findings`: what was wrong with the ends they came to. */
export function dribbling(world: World): { readonly findings: readonly string[] } & Actor {
  const findings: string[] = [];
  let on = true;
  const one = async ({ name, v2, port, bytes, more }: Beginning): Promise<void> => {
    let told: string | undefined;
    const peer = await Peer.connect(world[port], { v2, closed: ({ bye }) => void (told = bye) });
    const began = performance.now();
    peer.send(bytes);
    const waited = (): number => performance.now() - began;
    while (on && !peer.closed && waited() < DUE_MS + LATE_MS) {
      await delay(BYTE_EACH_MS);
      if (more !== undefined) peer.send(more);
    }
    const ms = waited();
    if (!peer.closed && ms >= DUE_MS + LATE_MS) findings.push(`${name} is kept for ${ms.toFixed(0)} ms`);
    if (peer.closed && ms < DUE_MS - 1000 && world.killed !== true) {
      findings.push(`${name} was cut after ${ms.toFixed(0)} ms: ${told}`);
    }
    if (peer.closed && ms >= DUE_MS - 1000) {
      if (!v2 || told?.startsWith("bye TIMEOUT") === true) world.counters.add("deadlines");
      else findings.push(`${name} was cut without a word`);
    }
    peer.close();
  };
  const done = Promise.all(BEGINNINGS.map(async (beginning) => {
    while (on) await one(beginning).catch(() => delay(50));
  })).then(() => {});
  return { findings, done, stop: () => void (on = false) };
}
