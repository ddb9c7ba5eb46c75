/**
 * What the hash tables of names have in common.
 *
 * @module
 */

/** Odd, and far from other constants: what sets one place apart from the next. */
const PLACE_FACTOR = 0x9e3779b1;

/** Every bit of a hash and of a place in every bit of a number (the finish of MurmurHash3). */
export function mixed(hash: number, place: number): number {
  let number = (hash + Math.imul(place + 1, PLACE_FACTOR)) | 0;
  number = Math.imul(number ^ (number >>> 16), 0x85ebca6b);
  number = Math.imul(number ^ (number >>> 13), 0xc2b2ae35);
  return number ^ (number >>> 16);
}

/**
 * What a hash is multiplied with at each character, as FNV-1a does with a constant. A constant is known to
 * everybody, and names can be made that collide whatever the hash begins with; this one nobody can guess who
 * cannot guess the seed. Its last bits are those of 5: of the odd numbers those have the powers that repeat
 * latest (Knuth, The Art of Computer Programming 3.2.1.2), while of one near a multiple of 4,096 they hardly
 * change in their low bits, and up to one name in three falls together with another.
 */
export function factorOf(seed: number): number {
  return mixed(seed, 0) & ~7 | 5;
}
