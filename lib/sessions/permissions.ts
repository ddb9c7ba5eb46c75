/**
 * What a session may do, and what it is told where it may not.
 *
 * @module
 */
import { type Grant, NOTHING, UNLIMITED } from "../auth/grant.ts";
import type { Receiving, Route } from "../engine/types.ts";
import type { Refusal } from "../protocols/types.ts";
import { quote } from "../text.ts";
import { overlap } from "../topics/overlap.ts";
import { isReplyTopic, namesRequester, REPLIES } from "../topics/reply_topic.ts";
import { refusal } from "./refusal.ts";

/** What a client is told whose subscription ends with the right to it (P8). */
export const ENDED = "this account may not receive it any more";

/** Whose permissions these are; who has no grant may do nothing. */
export interface Granted {
  readonly grant: Grant | undefined;
}

/**
 * Why it may not publish to a topic (P1); undefined: it may. What a grant says is remembered with the topic,
 * so a flood asks once; another grant is another object, so nothing has to be forgotten. Two places: who is
 * denied does not push out the answer of who is not.
 */
export function publishRefusal({ grant = NOTHING }: Granted, route: Route): Refusal | undefined {
  if (grant === UNLIMITED || route.openTo === grant) return undefined;
  return refusalOf(grant, route);
}

/** Apart from what is asked with each message, so that that is small enough to be inlined. */
function refusalOf(grant: Grant, route: Route): Refusal | undefined {
  if (route.closedTo !== grant) {
    if (grant.mayPublish(route.topic)) {
      route.openTo = grant;
      return undefined;
    }
    route.closedTo = grant;
  }
  // a topic has nothing in it that would have to be made visible (T1)
  return { code: "DENIED", text: `${nameOf(grant)} may not publish to "${route.topic}"` };
}

/** Why it may not subscribe to a pattern (P2); undefined: it may. */
export function subscribeRefusal({ grant = NOTHING }: Granted, pattern: string): Refusal | undefined {
  if (grant === UNLIMITED) return undefined;
  if (!grant.maySubscribe(pattern)) {
    return refusal("DENIED", `${nameOf(grant)} may receive nothing of ${quote(pattern)}`);
  }
  if (!isReplyTopic(pattern) || takesAnswers(grant, pattern)) return undefined;
  return refusal("DENIED", `answers are for who asked: ${quote(pattern)} does not name who that is`);
}

/** Why it may not share a pattern with others (P4); undefined: it may. */
export function shareRefusal({ grant = NOTHING }: Granted, pattern: string): Refusal | undefined {
  if (grant === UNLIMITED) return undefined;
  const who = nameOf(grant);
  if (!grant.mayShare(pattern)) {
    return refusal(
      "DENIED",
      `${who} may not receive all of ${quote(pattern)}, which a member of a group has to: what it may not ` +
        "would wait for it",
    );
  }
  if (takesAnswers(grant, pattern) || !overlap(pattern, REPLIES)) return undefined;
  return refusal("DENIED", `a group of ${quote(pattern)} would get the answers to others' requests`);
}

/** What an engine may give it (P3); undefined: everything. */
export function receivingOf({ grant = NOTHING }: Granted): Receiving | undefined {
  return grant === UNLIMITED ? undefined : grant;
}

/** The same where it asks by a pattern that does not name a requester (P5). */
export function receivingButAnswers({ grant = NOTHING }: Granted): Receiving | undefined {
  if (grant === UNLIMITED) return undefined;
  return grant.administrator ? grant : withoutAnswers(grant);
}

/**
 * Answers come to who names the requester, and so knows what nobody can guess (P5): all who ask have to be
 * allowed to receive `#_reply.>`, and were to read one another's otherwise.
 */
function takesAnswers({ administrator }: Grant, pattern: string): boolean {
  return administrator || namesRequester(pattern);
}

const WITHOUT_ANSWERS = new WeakMap<Grant, Receiving>();

function withoutAnswers(grant: Grant): Receiving {
  const known = WITHOUT_ANSWERS.get(grant);
  if (known !== undefined) return known;
  const receiving: Receiving = {
    mayReceive: (topic) => !isReplyTopic(topic) && grant.mayReceive(topic),
    mayShare: (pattern) => grant.mayShare(pattern),
    // answers are never stored (R2)
    reception: grant.reception,
  };
  WITHOUT_ANSWERS.set(grant, receiving);
  return receiving;
}

const NAMES = new WeakMap<Grant, string>();

/** Whose it is, for a person. */
function nameOf(grant: Grant): string {
  const known = NAMES.get(grant);
  if (known !== undefined) return known;
  const { account } = grant;
  const name = account === undefined ? "who is not let in" : `account ${quote(account)}`;
  NAMES.set(grant, name);
  return name;
}
