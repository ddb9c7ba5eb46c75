import { assertEquals } from "@std/assert";
import type { AccountLimits } from "../../../lib/auth/account_limits.ts";
import { type Grant, UNLIMITED } from "../../../lib/auth/grant.ts";
import { collectHeap } from "../../../lib/collect.ts";
import { DEFAULT_LIMITS } from "../../../lib/limits.ts";
import { AccountUses, limitsOf } from "../../../lib/sessions/admission/account_uses.ts";
import { settled } from "../../support/handed_clock.ts";

function grantWith(limits: AccountLimits, account = "shop"): Grant {
  return { ...UNLIMITED, account, limits };
}

/** Publishes message by message until it has to wait; how many that were. */
function publishAll(uses: AccountUses, grant: Grant): number {
  const use = uses.enter(grant)!;
  let count = 0;
  for (; !use.gate!.full; count++) use.gate!.spend(1, 10);
  uses.leave(grant, use);
  return count;
}

Deno.test("who leaves and comes back has no more to publish than who stays (A9)", () => {
  const uses = new AccountUses();
  const grant = grantWith({ messageRate: 100 });
  const use = uses.enter(grant)!;
  use.gate!.spend(99, 990);
  uses.leave(grant, use);
  uses.tick(250);
  assertEquals(
    publishAll(uses, grant),
    1 + 25 + 1,
    "what is left, a quarter of a second's worth, and one beyond",
  );
  let total = 0;
  for (let at = 0; at < 40; at++) {
    uses.tick(250);
    total += publishAll(uses, grant);
  }
  assertEquals(total, 1000, "ten seconds' worth");
});

Deno.test("the same holds for a rate of bytes", () => {
  const uses = new AccountUses();
  const grant = grantWith({ byteRate: 1000 });
  let total = publishAll(uses, grant);
  for (let at = 0; at < 40; at++) {
    uses.tick(250);
    total += publishAll(uses, grant);
  }
  assertEquals(total, 101 + 1000);
});

Deno.test("an account that has nobody is remembered until it may do all again, and what others do is not its own", () => {
  const uses = new AccountUses();
  const grant = grantWith({ messageRate: 100 });
  assertEquals(publishAll(uses, grant), 101);
  assertEquals(publishAll(uses, grantWith({ messageRate: 100 }, "other")), 101);
  uses.tick(1000);
  assertEquals(publishAll(uses, grant), 100, "one was more than it might");
  uses.tick(2000);
  assertEquals(publishAll(uses, grant), 101, "it is full again, and forgotten");
  assertEquals(uses.connectionsOf("shop"), 0);
});

Deno.test("an account that begins topics is remembered until it may begin as many as at first", () => {
  const uses = new AccountUses();
  const grant = grantWith({ newTopics: 2 });
  const take = (...topics: readonly string[]): (boolean | undefined)[] => {
    const use = uses.enter(grant)!;
    const taken = topics.map((topic) => {
      const may = use.newTopics!.take(topic);
      if (may) use.newTopics!.began(topic);
      if (may) use.newTopics!.giveBack(topic);
      return may;
    });
    uses.leave(grant, use);
    return taken;
  };
  assertEquals(take("#a", "#b", "#c"), [true, true, false]);
  uses.tick(29_999);
  assertEquals(take("#c"), [false]);
  uses.tick(1);
  assertEquals(take("#c", "#d"), [true, false]);
  uses.tick(60_000);
  assertEquals(take("#d", "#e", "#f"), [true, true, false]);
});

Deno.test("the connections of an account are counted, each of them until it leaves, and who is no account's is not", () => {
  const uses = new AccountUses();
  const grant = grantWith({ connections: 2 });
  const all = [uses.enter(grant)!, uses.enter(grant)!, uses.enter(grant)!];
  assertEquals(all.map(({ isTooMany }) => isTooMany), [false, false, true]);
  assertEquals([uses.connectionsOf("shop"), uses.connectionsOf("other")], [3, 0]);
  assertEquals(uses.enter(UNLIMITED), undefined);
  uses.leave(grant, all[2]!);
  uses.tick(250);
  assertEquals(uses.connectionsOf("shop"), 2, "who is here is not forgotten");
  assertEquals(uses.enter(grant)!.isTooMany, true);
  const free = uses.enter(grantWith({}, "free"))!;
  assertEquals([free.isTooMany, free.gate, free.newTopics], [false, undefined, undefined]);
});

Deno.test("an account's limits change with its grant, what is owed stays owed, and what is lifted is lifted", () => {
  const uses = new AccountUses();
  const slow = grantWith({ messageRate: 10, newTopics: 1 });
  const first = uses.enter(slow)!;
  first.gate!.spend(11, 0);
  assertEquals(first.gate!.full, true);
  assertEquals(first.newTopics!.take("#a"), true);
  const quick = uses.enter(grantWith({ messageRate: 1000, newTopics: 3 }))!;
  assertEquals(quick.gate!.full, true, "what is owed");
  assertEquals(quick.newTopics!.take("#b"), false, "nothing is given for what is not there yet");
  const fewer = uses.enter(grantWith({ newTopics: 4 }, "b"))!;
  uses.enter(grantWith({ newTopics: 1 }, "b"));
  assertEquals([fewer.newTopics!.take("#a"), fewer.newTopics!.take("#b")], [true, false]);
  const free = uses.enter(grantWith({}))!;
  assertEquals([free.gate?.full, free.newTopics], [false, undefined]);
  assertEquals(first.gate!.full, false);
});

Deno.test("of an account that has nobody and nothing missing nothing is kept, of one that has somebody it is", async () => {
  const uses = new AccountUses();
  const seen =
    ([["gone", {}], ["quiet", { messageRate: 1 }], ["here", {}], ["owes", { messageRate: 1 }]] as const)
      .map(([account, limits]) => {
        const grant = grantWith({ newTopics: 5, ...limits }, account);
        const use = uses.enter(grant)!;
        if (account === "owes") use.gate!.spend(9, 0);
        if (account !== "here") uses.leave(grant, use);
        return { account, topics: new WeakRef(use.newTopics!) };
      });
  uses.tick(250);
  const kept = (): string[] => seen.filter(({ topics }) => topics.deref()).map(({ account }) => account);
  // what a weak reference was asked for lives until the turn ends
  for (let turns = 0; turns < 20 && kept().length > 2; turns++) {
    await settled();
    collectHeap();
  }
  assertEquals(kept(), ["here", "owes"]);
  assertEquals([uses.connectionsOf("here"), uses.connectionsOf("owes")], [1, 0]);
});

Deno.test("the limits of an account are its own where they are less than the broker's", () => {
  const own = { ...DEFAULT_LIMITS, patterns: 10, payload: 1000, outbox: 5000 };
  assertEquals(limitsOf(own, undefined), own);
  assertEquals(limitsOf(own, grantWith({ connections: 1 })), own);
  assertEquals(limitsOf(own, grantWith({ patterns: 9 })), { ...own, patterns: 9 });
  assertEquals(limitsOf(own, grantWith({ payload: 999 })), { ...own, payload: 999 });
  assertEquals(limitsOf(own, grantWith({ outbox: 4999 })), { ...own, outbox: 4999 });
  assertEquals(limitsOf(own, grantWith({ patterns: 11, payload: 1001, outbox: 5001 })), own);
});
