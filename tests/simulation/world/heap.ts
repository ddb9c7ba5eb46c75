/**
 * The heap of a broker in a world.
 *
 * @module
 */
import type { Heap } from "../../../lib/sessions/mod.ts";

const BYTES = 64 * 1024 * 1024;

/**
 * Never grows, and its broker is never busy: the process around it holds one world after the other, and when
 * that is collected, which takes a tenth of a second, is no matter of a world.
 */
export const WORLD_HEAP: Heap = { bytes: () => BYTES, worked: () => 0, collect: () => {} };
