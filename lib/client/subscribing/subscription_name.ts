/**
 * What a subscription is known by.
 *
 * @module
 */
import { quote } from "../../text.ts";
import { matches } from "../../topics/topic.ts";

/** A pattern, and the group that shares what is published to it. */
export interface SubscriptionName {
  /** Canonical. */
  readonly pattern: string;
  /** Undefined: it gets everything. */
  readonly group: string | undefined;
  /** Both as one text, which is the pattern alone where there is no group: neither has white space. */
  readonly key: string;
}

/** Names a subscription. */
export function nameOf(pattern: string, group?: string): SubscriptionName {
  return { pattern, group, key: group === undefined ? pattern : `${pattern} group=${group}` };
}

/** For a person: `"#jobs" in group "workers"`. */
export function shown({ pattern, group }: SubscriptionName): string {
  return group === undefined ? quote(pattern) : `${quote(pattern)} in group ${quote(group)}`;
}

/**
 * Whether a message may be one of the subscription's: one for a member of a group is of no other, and what
 * comes for others is none of a group's.
 */
export function takesIn(
  { pattern, group }: SubscriptionName,
  message: { readonly topic: string; readonly group: string | undefined },
): boolean {
  return group === message.group && matches(pattern, message.topic);
}
