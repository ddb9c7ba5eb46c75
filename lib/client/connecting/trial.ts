/**
 * A connection without hello, while it is not known whether the broker speaks nothing but classic.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
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

/** Why a link is taken for a classic one. */
export const HUNG_UP = "the broker closed the connection at hello";

/**
 * Hello has to stay without an answer for so many times as long as the slowest request beside it took: a
 * broker that is slow with the one is slow with the other.
 */
const SLOWER = 8;
const SLOWER_MOST_MS = 120_000;
/** How long a link has to be served by a broker that hung up at hello, before it is asked once more. */
const SERVED_MS = 1_000;
/** How long the connection that waits for the answer to hello stays open in both directions beside a link. */
const OPEN_MS = 500;
/** How long a link takes to end together with another of a broker that died. */
const TOGETHER_MS = 100;
/** Tries to make a connection for hello, a second apart; a broker that takes none takes no hello. */
const TRIES_MOST = 3;

const NEVER: Promise<void> = new Promise(() => {});

/**
 * Judges a link of a broker that closed another connection when it was said hello to: it is classic when it
 * answers something, or serves this connection for a second.
 */
export function judgeAfterEnd(
  link: ClassicLink,
  { clock, reason }: { readonly clock: Clock; readonly reason: string },
): Promise<Verdict | undefined> {
  return withTimer(clock, async (after) => {
    if (await Promise.race([ended(link), link.firstAnswer, after(SERVED_MS)]) === "ended") return undefined;
    return { kind: "classic", reason, learnt: link.answered };
  });
}

/** Judges a link on which hello was said before, without an answer: whatever is answered is not to hello. */
export async function judgeSameConnection(link: ClassicLink, reason: string): Promise<Verdict | undefined> {
  if (await Promise.race([ended(link), link.firstAnswer]) === "ended") return undefined;
  return { kind: "classic", reason, learnt: true };
}

/** What a link beside hello is judged by. */
export interface BesideParts {
  readonly link: ClassicLink;
  readonly clock: Clock;
  /** Where hello waits for its answer; undefined: a connection was closed at hello. */
  readonly greeting: Greeting | undefined;
  /** Says hello on another connection; undefined: there is none. */
  readonly sayHello: () => Promise<Greeting | undefined>;
  /** Makes the link when v2 it is. */
  readonly upgrade: (greeting: Greeting) => Promise<Upgraded | undefined>;
  /** Milliseconds for which hello has to have no answer, at least. */
  readonly patience: number;
}

/**
 * Judges a link beside a connection on which hello has had no answer. Silence tells nothing: a broker that
 * stands still says nothing on either, and one that is busy may be so with other connections for seconds.
 *
 *     hello is answered OK_2, however late                            v2
 *     hello is answered otherwise                                     classic
 *     that connection is closed without an answer, this one is not    hello is said once more, on another one
 *     that one is closed, too                                         classic
 *     the link is answered, and hello not for long after              classic
 *     a first connection was closed, nothing is asked for over the
 *     link, and the second hello has no answer for as long            classic
 *
 * After half a second the first connection is closed in one direction, which makes a broker that is awake but
 * takes no notice of hello close it, or come to this link at last; so does a proxy before a v2 broker that
 * stands still, hence the second one, which stays whole.
 */
export function judgeBeside(parts: BesideParts): Promise<Verdict | undefined> {
  return withTimer(parts.clock, (after) => judge(parts, after));
}

type After = (ms: number) => Promise<void>;

async function judge(
  { link, greeting: first, sayHello, upgrade, patience }: BesideParts,
  after: After,
): Promise<Verdict | undefined> {
  let greeting: Greeting | "ended" | undefined = first;
  let closed = 0;
  let reason = HUNG_UP;
  if (first === undefined) {
    closed++;
    if (await Promise.race([ended(link), after(SERVED_MS)]) === "ended") return undefined;
  } else {
    void after(OPEN_MS).then(() => first.halfClose());
  }
  for (;;) {
    greeting ??= await another(link, { sayHello, after });
    if (greeting === "ended") return undefined;
    if (greeting === undefined) return { kind: "classic", reason, learnt: false };
    const heard = await Promise.race([
      ended(link),
      greeting.late(),
      silentBeside(link, { patience, idleCounts: closed > 0, after }),
    ]);
    if (heard === "ended" || heard === "silent") {
      greeting.abandon();
      if (heard === "ended") return undefined;
      return { kind: "classic", reason: "the broker answers, but not hello", learnt: link.answered };
    }
    if (heard.kind === "2") {
      const upgraded = await upgrade(greeting);
      return upgraded === undefined ? { kind: "again" } : { kind: "2", ...upgraded };
    }
    greeting.abandon();
    greeting = undefined;
    if (heard.kind === "classic") {
      return { kind: "classic", reason: `the broker answered hello with ${quote(heard.said)}`, learnt: true };
    }
    if (heard.kind !== "unanswered") return { kind: "again" };
    if (await Promise.race([ended(link), after(TOGETHER_MS)]) === "ended") return undefined;
    reason = heard.reason;
    if (++closed > 1) return { kind: "classic", reason, learnt: link.answered };
  }
}

/** One more connection for hello; undefined: the broker takes none. */
async function another(
  link: ClassicLink,
  { sayHello, after }: Pick<BesideParts, "sayHello"> & { readonly after: After },
): Promise<Greeting | "ended" | undefined> {
  for (let tries = 1;; tries++) {
    const saying = sayHello();
    const said = await Promise.race([ended(link), saying]);
    if (said === "ended") void saying.then((greeting) => greeting?.close());
    if (said !== undefined || tries === TRIES_MOST) return said;
    if (await Promise.race([ended(link), after(SERVED_MS)]) === "ended") return "ended";
  }
}

/**
 * Resolves when a hello that was said by now has had no answer for too long beside what the link shows. A
 * request that has waited for half of that time shows that the broker stands still: time begins anew.
 */
async function silentBeside(
  link: ClassicLink,
  { patience, idleCounts, after }: {
    readonly patience: number;
    readonly idleCounts: boolean;
    readonly after: After;
  },
): Promise<"silent"> {
  const enough = (): number => Math.min(Math.max(patience, SLOWER * link.slowest), SLOWER_MOST_MS);
  if (!idleCounts) await link.firstAnswer;
  for (;;) {
    const long = enough();
    await after(long);
    if (link.waitsSince < long / 2 && enough() <= long) return "silent";
  }
}

function ended(link: ClassicLink): Promise<"ended"> {
  return link.ended.then(() => "ended");
}

/** Runs something that waits, and leaves no timer behind. */
async function withTimer<T>(
  clock: Clock,
  run: (after: After) => Promise<T>,
): Promise<T> {
  const timers = new Set<Timer>();
  let over = false;
  try {
    return await run((ms) =>
      over ? NEVER : new Promise((resolve) => {
        timers.add(clock.after(ms, resolve));
      })
    );
  } finally {
    over = true;
    for (const timer of timers) clock.cancel(timer);
  }
}
