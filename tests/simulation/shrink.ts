/**
 * What of a bad seed's plan is needed for what it found.
 *
 * @module
 */
import type { Plan } from "./plan.ts";
import { type Outcome, simulate } from "./run.ts";

/** What can be left out of a plan, by name. */
interface Part {
  readonly what: string;
  readonly without: (plan: Plan) => Plan;
}

/** Leaves out what it can, one thing after the other, as long as the same kind of thing is found. */
export async function shrink(seed: number, { findings }: Outcome): Promise<string[]> {
  const kind = kindOf(findings[0] ?? "");
  const left: Part[] = [];
  let change = (plan: Plan): Plan => plan;
  let parts: Part[] = [];
  await simulate(seed, {
    change: (plan) => {
      parts = partsOf(plan);
      return plan;
    },
  });
  for (const part of parts) {
    const tried = ((before) => (plan: Plan): Plan => part.without(before(plan)))(change);
    const outcome = await simulate(seed, { change: tried });
    if (outcome.findings.some((finding) => kindOf(finding) === kind)) change = tried;
    else left.push(part);
  }
  return left.map(({ what }) => what);
}

/** A finding without what is only of this seed. */
function kindOf(finding: string): string {
  return finding.replace(/[ps]?\d[\d.]*|#\S+|".*"/g, "_");
}

function partsOf(plan: Plan): Part[] {
  const parts: Part[] = [];
  for (const fault of plan.faults) {
    parts.push({
      what: `${fault.kind} at ${fault.at} for ${fault.ms} ms`,
      without: (plan) => ({ ...plan, faults: plan.faults.filter((each) => each.at !== fault.at) }),
    });
  }
  for (const { name, kind } of plan.hostile) {
    parts.push({
      what: `${name}, who ${kind}`,
      without: (plan) => ({ ...plan, hostile: plan.hostile.filter((each) => each.name !== name) }),
    });
  }
  for (const { name, protocol, subscriptions } of plan.subscribers) {
    const patterns = subscriptions.map(({ pattern, from }) =>
      from === undefined ? pattern : `${pattern} from=${from}`
    );
    parts.push({
      what: `subscriber ${name} (${protocol}): ${patterns.join(", ")}`,
      without: (plan) => ({ ...plan, subscribers: plan.subscribers.filter((each) => each.name !== name) }),
    });
  }
  for (const { name, joins, lives } of plan.members) {
    const groups = joins.map(({ group, pattern, window }) => `${pattern} group=${group} window=${window}`);
    parts.push({
      what: `member ${name}, ${lives.length} times: ${groups.join(", ")}`,
      without: (plan) => ({ ...plan, members: plan.members.filter((each) => each.name !== name) }),
    });
  }
  for (const { name, rights, subscriptions } of plan.guests) {
    const patterns = subscriptions.map(({ pattern }) => pattern);
    parts.push({
      what: `guest ${name}, whose rights change ${rights.length - 1} times: ${patterns.join(", ")}`,
      without: (plan) => ({ ...plan, guests: plan.guests.filter((each) => each.name !== name) }),
    });
  }
  for (const { name, protocol, topics } of plan.publishers) {
    parts.push({
      what: `publisher ${name} (${protocol}): ${topics.join(", ")}`,
      without: (plan) => ({ ...plan, publishers: plan.publishers.filter((each) => each.name !== name) }),
    });
  }
  parts.push({
    what: `a disk that refuses or is lost: ${JSON.stringify(plan.disk)}`,
    without: (plan) => ({ ...plan, disk: { ...plan.disk, refusals: 0, losses: 0 } }),
  });
  parts.push({
    what: `little memory: ${plan.memory}`,
    without: (plan) => ({ ...plan, memory: undefined }),
  });
  parts.push({
    what: `a network that cuts and refuses: ${JSON.stringify(plan.weather)}`,
    without: (plan) => ({ ...plan, weather: { ...plan.weather, cuts: 0, crumbs: 0, refusals: 0 } }),
  });
  return parts;
}
