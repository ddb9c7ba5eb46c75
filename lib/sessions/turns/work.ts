/**
 * What counts as how much of a turn.
 *
 * @module
 */

/** A request that is no publish. */
export const WORK_OF_A_REQUEST = 4;
/** So many published bytes count as one. */
export const BYTES_OF_WORK = 4096;
