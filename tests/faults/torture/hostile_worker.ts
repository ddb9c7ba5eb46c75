/**
 * Runs one kind of hostile client in a thread of its own, so that what honest clients measure is the broker and
 * not the flood beside them.
 *
 * @module
 */
import { seeded } from "../random.ts";
import { BESIDE_KINDS, type BesideKind } from "./beside_kinds.ts";
import { Hostile, type HostileOptions } from "./hostile.ts";

/** What is sent to the thread. */
export type HostileTask = Omit<HostileOptions, "random"> & {
  readonly kind: BesideKind;
  readonly seed: number;
};

/** What comes back when it has left. */
export interface HostileReport {
  readonly sent: number;
  readonly received: number;
  readonly connections: number;
  readonly waited: number;
  /** Why it could not go on, where the broker did not let it. */
  readonly cut?: string;
}

const thread = self as unknown as {
  onmessage: (event: MessageEvent<HostileTask>) => void;
  postMessage(report: HostileReport): void;
};

thread.onmessage = async ({ data: { kind, seed, ...options } }): Promise<void> => {
  const hostile = new Hostile({ ...options, random: seeded(seed) });
  const over = setTimeout(() => hostile.leave(), options.ms);
  const began = performance.now();
  let cut: string | undefined;
  try {
    await BESIDE_KINDS[kind](hostile);
  } catch (error) {
    // its sockets are closed at the end of its time: that is no one's doing
    if (performance.now() - began < options.ms - 50) cut = `${error}`;
  }
  clearTimeout(over);
  hostile.leave();
  const { sent, received, connections, waited } = hostile;
  thread.postMessage({ sent, received, connections, waited, ...(cut === undefined ? {} : { cut }) });
};
