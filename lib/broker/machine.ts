/**
 * What a broker has of the machine it runs on, beside its store and its sockets.
 *
 * @module
 */
import { type Clock, SYSTEM_CLOCK } from "../clock.ts";
import { type Heap, type OwnedLoop, PROCESS_HEAP, ProcessLoop } from "../sessions/mod.ts";

/** Time, chance, the loop that it runs in and the heap; a simulation has others. */
export interface Machine {
  readonly clock: Clock;
  /** 32 bits that nobody can guess. */
  random32(): number;
  /** Told when the runtime has looked at its sockets; made anew for each broker. */
  loop(): OwnedLoop;
  readonly heap: Heap;
}

/** This one. */
export const THIS_MACHINE: Machine = {
  clock: SYSTEM_CLOCK,
  random32: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
  loop: () => new ProcessLoop(),
  heap: PROCESS_HEAP,
};
