import { assert, assertEquals } from "@std/assert";
import { type AccountGrant, grantOf } from "../../lib/auth/account_grant.ts";
import type { Account } from "../../lib/auth/accounts.ts";
import { NOTHING, UNLIMITED } from "../../lib/auth/grant.ts";
import { accountsIn, user } from "./door.ts";

const LINES = `administrator = true
publish = { allow = ["#p.>"], deny = ["#p.{id}"] }
subscribe = { allow = ["#s.>", "#x"], deny = ["#s.{id}.>"] }`;

function account(lines = LINES): Account {
  return accountsIn(user("alice", { lines })).byName.get("alice")!;
}

function grant(id = "me"): AccountGrant {
  const made = grantOf(account(), { id, entrance: "secret", topicMost: 255 });
  assert(made !== undefined, id);
  return made;
}

Deno.test("a grant says what may be published, and received, by the rules for each (A7)", () => {
  const one = grant();
  const { mayPublish, mayReceive } = {
    mayPublish: ["#p.a", "#p.me", "#s.a", "#x"].map((topic) => one.mayPublish(topic)),
    mayReceive: ["#s.a", "#s.me.a", "#x", "#p.a"].map((topic) => one.mayReceive(topic)),
  };
  assertEquals(mayPublish, [true, false, false, false]);
  assertEquals(mayReceive, [true, false, true, false]);
  assertEquals(one.reception, { allow: ["#s.>", "#x"], deny: ["#s.me.>"] });
});

Deno.test("a pattern may be subscribed to for some of it, and shared for all of it only (A7, G1)", () => {
  const one = grant();
  const patterns = ["#s.a", "#x", "#s.>", "#>", "#s.me.>", "#p.>"];
  assertEquals(patterns.map((pattern) => one.maySubscribe(pattern)), [true, true, true, true, false, false]);
  assertEquals(patterns.map((pattern) => one.mayShare(pattern)), [true, true, false, false, false, false]);
});

Deno.test("a grant is its account's, and says by what way it was come by", () => {
  const of = account();
  const one = grantOf(of, { id: "me", entrance: "classic", topicMost: 255 });
  assertEquals([one?.account, one?.administrator, one?.entrance, one?.of === of, one?.limits === of.limits], [
    "alice",
    true,
    "classic",
    true,
    true,
  ]);
});

Deno.test("an id that fits into no segment is granted nothing, wherever it would be filled in (A7)", () => {
  for (const place of [`publish = ["#p.{id}"]`, `subscribe = ["#p.{id}"]`]) {
    const of = account(place);
    for (const [id, fits] of [["me", true], ["a.b", false], ["*", false]] as const) {
      const made = grantOf(of, { id, entrance: "secret", topicMost: 255 });
      assertEquals(made !== undefined, fits, `${place} ${id}`);
    }
  }
});

Deno.test("who comes where there are no accounts may do all, and who has not been let in nothing", () => {
  for (const [each, may] of [[UNLIMITED, true], [NOTHING, false]] as const) {
    assertEquals([each.account, each.administrator], [undefined, may]);
    assertEquals(
      [each.mayPublish("#a"), each.maySubscribe("#>"), each.mayShare("#>"), each.mayReceive("#a")],
      [
        may,
        may,
        may,
        may,
      ],
    );
    assertEquals(each.reception, { allow: may ? ["#>"] : [], deny: [] });
  }
});
