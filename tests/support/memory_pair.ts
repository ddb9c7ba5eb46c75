/**
 * Connections without sockets.
 *
 * @module
 */
export { memoryPair } from "../../lib/broker/memory_pair.ts";
