import { parsePattern } from "../../topics/topic.ts";
import type { Request } from "../../wire/decoder.ts";
import type { Answer, Context } from "../context.ts";
import { SLOW_POLICIES, type SlowPolicy } from "../lane.ts";
import { type Refusal, refusal } from "../refusal.ts";
import { fieldOf, refuseFields } from "./fields.ts";

/**
 * `sub <topic or pattern> [slow=<policy>]`: from here on, what is published to it. A second time it changes nothing (C5), or
 * the policy (V8).
 */
export function sub(request: Request, context: Context): Answer {
  const { engine, limits, outbox, patterns } = context;
  const parsed = parsePattern(request.argument, limits.topic);
  if ("problem" in parsed) return refusal("BAD_PATTERN", parsed.problem);
  const wrong = refuseFields(request, context, ["slow"]);
  if (wrong !== undefined) return wrong;
  const policy = policyOf(fieldOf(request, "slow"), outbox.lane.policy);
  if (typeof policy !== "string") return policy;
  const { name } = parsed;
  const before = patterns.get(name);
  if (before?.policy === policy) return "ok";
  if (before === undefined && patterns.size >= limits.patterns) return refusal("TOO_MANY_PATTERNS");
  // a gap line names its pattern, so what may leave something out needs a lane of its own where gaps are told
  const shared = policy === "block" || !context.upgraded;
  const lane = shared ? outbox.lane : outbox.open(policy, name);
  if (before !== undefined) {
    engine.unsubscribe(name, before);
    outbox.shut(before);
  }
  patterns.set(name, lane);
  engine.subscribe(name, lane);
  return "ok";
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
