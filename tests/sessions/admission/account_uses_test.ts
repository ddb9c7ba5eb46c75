import { assertEquals } from "@std/assert";
import type { AccountLimits } from "../../../lib/auth/account_limits.ts";
import { type Grant, UNLIMITED } from "../../../lib/auth/grant.ts";
import { AccountUses } from "../../../lib/sessions/admission/account_uses.ts";

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
