/**
 * Which of several has a key (G13), by highest random weight: each has a number for each key, and the
 * greatest has it. Who comes takes a key from each of the others only where its own number is the greatest,
 * one of n of all keys; who goes leaves its keys, and no others, to those that are left. (D. G. Thaler and
 * C. V. Ravishankar, Using Name-Based Mappings to Increase Hit Rates, IEEE/ACM Transactions on Networking
 * 6(1), 1998.)
 *
 * @module
 */

/** A key as a number of 32 bits: FNV-1a. */
export function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < key.length; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** What makes the numbers of one of several its own; `which`: a number that no other has. */
export function seedOf(which: number): number {
  return mixed(which);
}

/** The number that one of several has for a key. */
export function weightOf(hash: number, seed: number): number {
  return mixed(hash ^ seed);
}

/** The last step of MurmurHash3: each bit of the outcome depends on all, and no two numbers have the same. */
function mixed(number: number): number {
  let bits = number ^ (number >>> 16);
  bits = Math.imul(bits, 0x85ebca6b);
  bits ^= bits >>> 13;
  bits = Math.imul(bits, 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
