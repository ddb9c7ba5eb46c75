/**
 * Who gets what.
 *
 * @module
 */
export type { Counters, Engine, Form, Route, Run, Subscriber } from "./types.ts";
export { LocalEngine } from "./local.ts";
