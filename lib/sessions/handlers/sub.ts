import { UNLIMITED } from "../../auth/grant.ts";
import type { ReplayRange } from "../../engine/types.ts";
import type { Request } from "../../protocols/decoder.ts";
import { DONE, type Refusal } from "../../protocols/types.ts";
import { readFrom, readPosition } from "../../positions.ts";
import { quote } from "../../text.ts";
import { namesRequester } from "../../topics/reply_topic.ts";
import { parsePattern } from "../../topics/topic.ts";
import type { Answer, Context } from "../context.ts";
import type { Subscription } from "../subscription.ts";
import { subscribeRefusal } from "../permissions.ts";
import type { Ticket } from "../ticket.ts";
import { refusal } from "../refusal.ts";
import { SLOW_POLICIES, type SlowPolicy } from "../../slow_policy.ts";
import { fieldOf, refuseFields } from "./fields.ts";
import { join } from "./join.ts";

/**
 * `sub <topic or pattern> [from=<pos>] [to=<pos>] [slow=<policy>]`: from here on, or from where it says, what
 * is published to it. A second time it changes nothing (C5), or the policy (V8), or begins again where it
 * says. With `group=` it is another matter: {@link join}.
 */
export function sub(request: Request, context: Context): Answer {
  const { engine, limits, protocol, subscriptions } = context;
  const parsed = parsePattern(request.argument, limits.topic);
  if ("problem" in parsed) return refusal("BAD_PATTERN", parsed.problem);
  if (fieldOf(request, "group") !== undefined) return join(parsed.name, request, context);
  const wrong = refuseFields(request, context, ["slow", "from", "to", "group"]);
  if (wrong !== undefined) return wrong;
  const policy = policyOf(fieldOf(request, "slow"), subscriptions.policy);
  if (typeof policy !== "string") return policy;
  const range = rangeOf(request, context.now());
  if (range !== undefined && "code" in range) return range;
  const { name } = parsed;
  const denied = subscribeRefusal(context, name);
  if (denied !== undefined) return denied;
  if (range !== undefined && engine.durable.length === 0) return refusal("NOT_DURABLE");
  const before = subscriptions.get(name);
  if (before?.policy === policy && range === undefined) return "ok";
  const asMany = subscriptions.size + subscriptions.groups >= limits.patterns;
  if (before === undefined && asMany) return refusal("TOO_MANY_PATTERNS");
  const tooMuch = before === undefined ? subscriptions.problem(name) : undefined;
  if (tooMuch !== undefined) return refusal("BUSY", tooMuch);
  if (range !== undefined) return replay(name, { policy, range }, context);
  // a replay that has begun goes on where it is, under another policy
  let goesOn = false;
  const replaces = (before: Subscription, subscription: Subscription): boolean =>
    goesOn = engine.replace(before, subscription);
  // a gap names its pattern, so what may leave something out needs a queue of its own where gaps are told
  const follows = before !== undefined && engine.replays(before);
  // and so is what says whether it is given answers (P5)
  const own = follows || (policy !== "block" && protocol.tellsGaps) ||
    (context.grant !== UNLIMITED && namesRequester(name));
  const subscription = subscriptions.open(name, { policy, own, follows, replaces });
  if (!goesOn) engine.subscribe(name, subscription);
  return onceSubscribed(context);
}

/**
 * Whether its answer comes before anything that comes of it: of what is stored the beginning, and that it is
 * live or over, are told behind it (D4).
 */
export function isAnsweredFirst(request: Request): boolean {
  return request.verb === "sub" && fieldOf(request, "group") === undefined &&
    fieldOf(request, "from") !== undefined;
}

/** What is published behind the answer comes, wherever it is published (N2). */
function onceSubscribed(context: Context): Answer {
  let ticket: Ticket | undefined = undefined;
  if (context.engine.subscribed(() => ticket?.succeed(DONE))) return "ok";
  ticket = context.ask();
  return "answered";
}

/** Begins in what is stored. Answered when its beginning has been found. */
function replay(
  name: string,
  { policy, range }: { policy: SlowPolicy; range: ReplayRange },
  context: Context,
): Answer {
  const { subscriptions } = context;
  const ticket = context.begin();
  const subscription = subscriptions.open(name, { policy, own: true, follows: true });
  context.engine.replay(name, subscription, {
    range,
    besides: subscriptions,
    // one whose place another has taken is not told any more
    ended: () => subscriptions.close(name),
    started: (how) => {
      if (how.kind === "started") return ticket.succeed({ ...DONE, from: how.trimmedTo, newest: how.ahead });
      subscriptions.close(name);
      ticket.refuse("STORE", how.reason);
    },
  });
  return "answered";
}

/** What of the stored messages is asked for, if any is. */
function rangeOf(request: Request, now: number): ReplayRange | Refusal | undefined {
  const [from, to] = [fieldOf(request, "from"), fieldOf(request, "to")];
  if (from === undefined && to !== undefined) {
    return refusal("BAD_FIELD", "to= ends what from= begins: give both");
  }
  if (from === undefined || from === "now") return undefined;
  const begin = readFrom(from, now);
  if (begin === undefined) {
    return refusal(
      "BAD_FIELD",
      "from= is now, earliest, latest, -10 (the last ten of each topic), a sequence number, a time " +
        `or -10m, not ${quote(from)}`,
    );
  }
  const end = to === undefined ? undefined : readPosition(to, now);
  if (to !== undefined && end === undefined) {
    return refusal("BAD_FIELD", `to= is a sequence number, a time or -10m, not ${quote(to)}`);
  }
  if (begin.kind === "sequence" && end?.kind === "sequence" && end.sequence < begin.sequence) {
    return refusal("BAD_FIELD", `to=${end.sequence} lies before from=${begin.sequence}`);
  }
  return { from: begin, to: end };
}

/**
 * The policy asked for, within what the broker allows: where its publishers are not to wait, nobody makes
 * them (V7).
 */
function policyOf(asked: string | undefined, own: SlowPolicy): SlowPolicy | Refusal {
  if (asked === undefined) return own;
  const policy = SLOW_POLICIES.find((each) => each === asked);
  if (policy === undefined) return refusal("BAD_FIELD", `slow= is one of ${SLOW_POLICIES.join(", ")}`);
  if (policy === "block" && own !== "block") {
    return refusal(
      "DENIED",
      "slow=block would make publishers wait, which this broker does not allow (--slow-consumer)",
    );
  }
  return policy;
}
