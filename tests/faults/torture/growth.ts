/**
 * By how much a broker's process grows that nobody keeps anything in.
 *
 * @module
 */

const MIB = 1024 ** 2;
/** Buffers that go back to the system half by half, and the store's pages. */
const OF_ALL_BYTES = 80 * MIB;
/** Objects that one kind of client made and left, which the collector has not come to. */
const OF_EACH_BYTES = 50 * MIB;

/** What so many kinds of clients together leave the runtime to collect; measured (docs/operations.md). */
export function uncollected(kinds: number): number {
  return OF_ALL_BYTES + kinds * OF_EACH_BYTES;
}
