/**
 * Exit codes of the clients beside those of every program.
 *
 * @module
 */

/** With `--request`: nobody is there to answer. */
export const NOBODY_ANSWERS = 3;
/** The time of `-W` ran out, or with `--request` that of `--timeout`. */
export const TIME_IS_OVER = 27;
