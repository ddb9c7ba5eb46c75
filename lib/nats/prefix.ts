/**
 * What our subjects may begin with, for who reads options: loads nothing of NATS.
 *
 * @module
 */
export { prefixProblem } from "../engine/nats/subjects.ts";
