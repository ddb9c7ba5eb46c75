import { parsePattern } from "../../topics/topic.ts";
import type { Range } from "../../engine/types.ts";
import { quote } from "../../text.ts";
import type { Request } from "../../protocols/decoder.ts";
import type { Answer, Context } from "../context.ts";
import { type Lane, SLOW_POLICIES, type SlowPolicy } from "../lane.ts";
import { type Refusal, refusal } from "../refusal.ts";
import { DONE } from "../replies.ts";
import { fieldOf, refuseFields } from "./fields.ts";
import { readFrom, readPosition } from "./position.ts";

/**
 * `sub <topic or pattern> [from=<pos>] [to=<pos>] [slow=<policy>]`: from here on, or from where it says, what is published to it. A
 * second time it changes nothing (C5), or the policy (V8), or begins again where it says.
 */
export function sub(request: Request, context: Context): Answer {
  const { engine, limits, outbox, patterns } = context;
  const parsed = parsePattern(request.argument, limits.topic);
  if ("problem" in parsed) return refusal("BAD_PATTERN", parsed.problem);
  const wrong = refuseFields(request, context, ["slow", "from", "to"]);
  if (wrong !== undefined) return wrong;
  const policy = policyOf(fieldOf(request, "slow"), outbox.lane.policy);
  if (typeof policy !== "string") return policy;
  const range = rangeOf(request, context.now());
  if (range !== undefined && "code" in range) return range;
  if (range !== undefined && !engine.remembers) return refusal("NOT_DURABLE");
  const { name } = parsed;
  const before = patterns.get(name);
  if (before?.policy === policy && range === undefined) return "ok";
  if (before === undefined && patterns.size >= limits.patterns) return refusal("TOO_MANY_PATTERNS");
  if (before !== undefined) drop(name, before, context);
  if (range !== undefined) return follow(name, { lane: outbox.open(policy, name), range }, context);
  // a gap line names its pattern, so what may leave something out needs a lane of its own where gaps are told
  const shared = policy === "block" || !context.upgraded;
  const lane = shared ? outbox.lane : outbox.open(policy, name);
  patterns.set(name, lane);
  engine.subscribe(name, lane);
  return "ok";
}

/** Takes a pattern away from its lane. */
export function drop(name: string, lane: Lane, { engine, outbox, patterns }: Context): void {
  patterns.delete(name);
  engine.unsubscribe(name, lane);
  outbox.shut(lane);
}

/** Begins in the past. Answered when its beginning has been found. */
function follow(name: string, { lane, range }: { lane: Lane; range: Range }, context: Context): Answer {
  const ticket = context.hold();
  context.patterns.set(name, lane);
  context.engine.follow(name, lane, {
    range,
    ended: () => {
      if (context.patterns.get(name) === lane) drop(name, lane, context);
    },
    done: (how) => {
      if (how.kind === "following") return ticket.settle({ ...DONE, from: how.trimmedTo });
      if (context.patterns.get(name) === lane) drop(name, lane, context);
      ticket.settle(refusal("STORE", how.reason));
    },
  });
  return "answered";
}

/** The part of the past that is asked for, if any is. */
function rangeOf(request: Request, now: number): Range | Refusal | undefined {
  const [from, to] = [fieldOf(request, "from"), fieldOf(request, "to")];
  if (from === undefined && to !== undefined) {
    return refusal("BAD_FIELD", "to= ends what from= begins: give both");
  }
  if (from === undefined || from === "now") return undefined;
  const begin = readFrom(from, now);
  if (begin === undefined) {
    return refusal(
      "BAD_FIELD",
      `from= is now, earliest, latest, a sequence number, a time or -10m, not ${quote(from)}`,
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

/** The policy asked for, within what the broker allows: where its publishers are not to wait, nobody makes them. */
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
