/**
 * A connection without hello, while it is not known whether the broker speaks nothing but classic.
 *
 * @module
 */
import { quote } from "../../text.ts";
import type { ClassicLink } from "../links/classic_link.ts";
import type { FrameLink } from "../links/frame_link.ts";
import type { Greeting } from "./greeting.ts";

/** The link for a broker that speaks v2 after all. */
export interface Upgraded {
  readonly link: FrameLink;
  readonly localPort: number;
}

/**
 * What a trial has shown. `classic`: the link goes on as what it is; `learnt`: by an answer, so that hello
 * need not be said again; else the first answer shows it. `2`: the broker speaks v2, over this other link.
 * `again`: it will over one that is still to be made.
 */
export type Verdict =
  | { readonly kind: "classic"; readonly reason: string; readonly learnt: boolean }
  | Upgraded & { readonly kind: "2" }
  | { readonly kind: "again" };

/** A trial's link, and how it ends. */
export interface Trial {
  readonly link: ClassicLink;
  /** Undefined: the link ended before anything was known. Never rejects. */
  readonly verdict: Promise<Verdict | undefined>;
}

/** Why a link ends that has nothing wrong with it. */
export const ANSWERED_LATE = "the broker answered hello late, it speaks protocol 2";

/** How long hello has to stay without an answer beside a link that is answered. */
const BESIDE_MS = 1_000;
/** How long a link that nothing is asked for has to be served, by a broker that hung up at hello. */
const SERVED_MS = 1_000;
/** How long the connection that waits for the answer to hello stays open in both directions beside a link. */
const OPEN_MS = 500;
/** How long a link takes to end together with another of a broker that died. */
const TOGETHER_MS = 100;

const NEVER: Promise<void> = new Promise(() => {});

/**
 * Judges a link of a broker that closed another connection when it was said hello to: it is classic when it
 * answers something, or serves this connection for a second.
 */
export function judgeAfterEnd(link: ClassicLink, reason: string): Promise<Verdict | undefined> {
  return withTimer(async (after) => {
    if (await Promise.race([ended(link), link.firstAnswer, after(SERVED_MS)]) === "ended") return undefined;
    return { kind: "classic", reason, learnt: link.answered };
  });
}

/** Judges a link on which hello was said before, without an answer: whatever is answered is not to hello. */
export async function judgeSameConnection(link: ClassicLink, reason: string): Promise<Verdict | undefined> {
  if (await Promise.race([ended(link), link.firstAnswer]) === "ended") return undefined;
  return { kind: "classic", reason, learnt: true };
}

/**
 * Judges a link beside a connection on which hello has had no answer yet. Silence tells nothing: a broker
 * that stands still says nothing on either.
 *
 *     hello is answered OK_2                                          v2
 *     hello is answered otherwise                                     classic
 *     the link is answered, hello not for another second              classic
 *     the broker closes the other connection without an answer, and
 *     this link does not end with it                                  classic
 *
 * After half a second the other connection is closed in one direction, which makes a broker that is awake but
 * takes no notice of hello close it, or come to this link at last. `upgrade` makes the link when v2 it is.
 */
export function judgeBeside(
  { link, greeting, upgrade }: {
    readonly link: ClassicLink;
    readonly greeting: Greeting;
    readonly upgrade: (greeting: Greeting) => Promise<Upgraded | undefined>;
  },
): Promise<Verdict | undefined> {
  return withTimer(async (after) => {
    void after(OPEN_MS).then(() => greeting.halfClose());
    const answeredAlone = link.firstAnswer.then(() => after(BESIDE_MS)).then(() => "answered alone" as const);
    const first = await Promise.race([ended(link), greeting.late(), answeredAlone]);
    if (first === "ended") return undefined;
    if (first === "answered alone") {
      greeting.abandon();
      return { kind: "classic", reason: "the broker answers, but not hello", learnt: true };
    }
    if (first.kind === "2") {
      const upgraded = await upgrade(greeting);
      return upgraded === undefined ? { kind: "again" } : { kind: "2", ...upgraded };
    }
    greeting.abandon();
    if (first.kind === "turned away") return { kind: "again" };
    if (first.kind === "classic") {
      return { kind: "classic", reason: `the broker answered hello with ${quote(first.said)}`, learnt: true };
    }
    if (await Promise.race([ended(link), after(TOGETHER_MS)]) === "ended") return undefined;
    return { kind: "classic", reason: first.reason, learnt: link.answered };
  });
}

function ended(link: ClassicLink): Promise<"ended"> {
  return link.ended.then(() => "ended");
}

/** Runs something that waits, and leaves no timer behind. */
async function withTimer<T>(
  run: (after: (ms: number) => Promise<void>) => Promise<T>,
): Promise<T> {
  const timers = new Set<ReturnType<typeof setTimeout>>();
  let over = false;
  try {
    return await run((ms) =>
      over ? NEVER : new Promise((resolve) => {
        timers.add(setTimeout(resolve, ms));
      })
    );
  } finally {
    over = true;
    for (const timer of timers) clearTimeout(timer);
  }
}
