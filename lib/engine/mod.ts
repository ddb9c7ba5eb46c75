/**
 * Who gets what.
 *
 * @module
 */
export type {
  Counters,
  Engine,
  Form,
  Gate,
  Level,
  Publication,
  Reader,
  Route,
  Run,
  Subscriber,
} from "./types.ts";
export { type Durability, LocalEngine } from "./local.ts";
