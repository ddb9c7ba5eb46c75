/**
 * What a subscriber may be told, by a model that knows nothing of queues: of each subscription everything
 * that was published is received or counted, in order, or was too old (C4, V7 to V10).
 */
import { assert, assertEquals } from "@std/assert";
import { keepsNewest, type SlowPolicy } from "../../../lib/slow_policy.ts";

/** A message as it was handed over. */
export interface Sent {
  readonly number: number;
  readonly topic: string;
  readonly bytes: number;
  readonly expires: number | undefined;
}

/** What is read of one subscription: a message's number, or a gap. */
export type Told = { readonly number: number; readonly topic: string } | { readonly gap: number };

/** A subscription in the model. */
export class Expected {
  readonly sent: Sent[] = [];
  readonly pattern: string;
  readonly policy: SlowPolicy;

  constructor(pattern: string, policy: SlowPolicy) {
    this.pattern = pattern;
    this.policy = policy;
  }

  /** How many messages were passed over as too old, if what was told is right; throws if it is not. */
  judge(told: readonly Told[], now: number): number {
    return this.policy === "latest" ? this.#judgeLatest(told, now) : this.#judgeInOrder(told, now);
  }

  /** The newest came, if it was not too old by then. */
  requireNewest(told: readonly Told[], now: number): void {
    const newest = this.sent.at(-1);
    if (!keepsNewest(this.policy) || newest === undefined || isOver(newest, now)) return;
    const last = told.findLast((each) => "number" in each);
    assert(last !== undefined && "number" in last, `${this.pattern} was told nothing`);
    assertEquals(last.number, newest.number, `the newest of ${this.pattern} (${this.policy})`);
    assert("number" in told.at(-1)!, "nothing is missing behind the newest");
  }

  /** Gaps stand where the messages would have come. */
  #judgeInOrder(told: readonly Told[], now: number): number {
    let next = 0;
    let counted = 0;
    let passedOver = 0;
    const close = (end: number): void => {
      const missing = this.sent.slice(next, end).filter((each) => isOver(each, now)).length;
      const tooOld = end - next - counted;
      assert(tooOld >= 0, `${this.pattern}: ${counted} are counted between ${next} and ${end}`);
      assert(tooOld <= missing, `${this.pattern}: ${tooOld - missing} before ${end} are lost without a word`);
      passedOver += tooOld;
    };
    for (const each of told) {
      if ("gap" in each) {
        counted += each.gap;
        continue;
      }
      assert(each.number >= next, `${this.pattern}: ${each.number} comes behind ${next - 1}`);
      close(each.number);
      next = each.number + 1;
      counted = 0;
    }
    close(this.sent.length);
    if (this.policy === "block") assertEquals(told.filter((each) => "gap" in each).length, 0);
    return passedOver;
  }

  /** Each topic is in order; gaps are told before the next message, of whichever topic. */
  #judgeLatest(told: readonly Told[], now: number): number {
    const last = new Map<string, number>();
    let received = 0;
    let counted = 0;
    for (const each of told) {
      if ("gap" in each) {
        counted += each.gap;
        continue;
      }
      assert(each.number > (last.get(each.topic) ?? -1), `${each.topic} in order`);
      last.set(each.topic, each.number);
      received++;
    }
    const tooOld = this.sent.length - received - counted;
    assert(tooOld >= 0, `${this.pattern}: more is counted than was sent`);
    assert(tooOld <= this.sent.filter((each) => isOver(each, now)).length, "lost without a word");
    return tooOld;
  }
}

function isOver({ expires }: Sent, now: number): boolean {
  return expires !== undefined && expires <= now;
}
