/**
 * What an account may do: what a session asks before it does anything for who is behind it.
 *
 * @module
 */
import type { AccountLimits } from "./account_limits.ts";
import type { Reception } from "../topics/reception.ts";

/** Nothing of it changes: when accounts do, a session is given another. Topics and patterns are canonical. */
export interface Grant {
  /** Whose it is; undefined: the broker has no accounts. */
  readonly account: string | undefined;
  /** Whether it may see and end what is others'. */
  readonly administrator: boolean;
  /** What it may make the broker hold and do, where that is less than others may. */
  readonly limits?: AccountLimits | undefined;
  /** Whether it may publish to a topic. */
  mayPublish(topic: string): boolean;
  /**
   * Whether it may subscribe to a pattern: it may receive some of what that takes in. What it may not, it
   * does not get: {@link mayReceive} is asked for each topic.
   */
  maySubscribe(pattern: string): boolean;
  /**
   * Whether it may receive all that a pattern takes in, whatever topics there will be: who shares messages
   * with others has to, or what it may not have would wait for it.
   */
  mayShare(pattern: string): boolean;
  /** Whether it may be given what is published to a topic, by whatever way that comes. */
  mayReceive(topic: string): boolean;
  /** The same as data: `receives` of topics/reception.ts says of it what {@link mayReceive} does. */
  readonly reception: Reception;
}

/** Of who comes to a broker that has no accounts. */
export const UNLIMITED: Grant = {
  account: undefined,
  administrator: true,
  mayPublish: () => true,
  maySubscribe: () => true,
  mayShare: () => true,
  mayReceive: () => true,
  reception: { allow: ["#>"], deny: [] },
};

/** Of who has not been let in, or has no place here any more. */
export const NOTHING: Grant = {
  account: undefined,
  administrator: false,
  mayPublish: () => false,
  maySubscribe: () => false,
  mayShare: () => false,
  mayReceive: () => false,
  reception: { allow: [], deny: [] },
};
