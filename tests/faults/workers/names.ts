/**
 * What workers, publisher and judge have in common.
 *
 * @module
 */

export const TOPIC = "#jobs";
export const GROUP = "workers";
/** Messages that a worker holds at most. */
export const WINDOW = 8;
/** What a message begins with that no worker can do. */
export const POISON = "poison";
