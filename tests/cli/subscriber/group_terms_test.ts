import { assertEquals, assertThrows } from "@std/assert";
import {
  checkGroup,
  type GroupOptions,
  groupProblem,
  windowFor,
} from "../../../lib/cli/subscriber/group_terms.ts";
import { UsageError } from "../../../lib/errors.ts";

const NONE: GroupOptions = {
  group: undefined,
  window: undefined,
  ack: undefined,
  by: undefined,
  from: undefined,
  to: undefined,
  slow: undefined,
  protocol: "auto",
  count: undefined,
  speed: undefined,
  "exit-at-end": false,
};
const MEMBER: GroupOptions = { ...NONE, group: "g" };

Deno.test("options that do not go together with a group, or only with one, say what to do", () => {
  const cases: [Partial<GroupOptions>, string][] = [
    [{ window: 5 }, "--window says how much waits for a member of a group: give -G NAME, too"],
    [{ ack: "explicit" }, "--ack explicit is for a member of a group: give -G NAME, too"],
    [{ ack: "auto" }, "--ack auto is for a member of a group: give -G NAME, too"],
    [{ by: "key" }, "--by key is for a member of a group: give -G NAME, too"],
    [{ group: "g", protocol: "classic" }, "--group needs protocol 2: in the classic protocol"],
    [{ group: "g", to: 5 }, "-G shares what is live, too, and has no end: leave --to out"],
    [{ group: "g", to: 5, "exit-at-end": true }, "leave --to and -e out"],
    [{ group: "g", from: "latest" }, "--from with -G: a group that is new begins now, earliest, at a number"],
    [{ group: "g", from: "-10" }, "--from with -G: a group that is new begins now, earliest, at a number"],
    [{ group: "g", slow: "block" }, "--slow is not for members of a group"],
    [{ group: "g", ack: "explicit", speed: 2 }, "--speed is for what is replayed, and a group shares it"],
  ];
  for (const [options, said] of cases) {
    assertThrows(() => checkGroup({ ...NONE, ...options }), UsageError, said);
  }
  for (const from of ["now", "earliest", 7, "-10m", new Date(0)] as const) checkGroup({ ...MEMBER, from });
  checkGroup({ ...MEMBER, ack: "explicit", window: 5 });
  checkGroup({ ...NONE, ack: "exec" });
  checkGroup({ ...MEMBER, speed: 2 });
});

Deno.test("a command that does not go together with the command line, or with a group, says what to do", () => {
  assertEquals(groupProblem({ window: 5 }, NONE), "window= is for a member of a group: give group=, too");
  assertEquals(groupProblem({ ack: "auto" }, NONE), "ack= is for a member of a group: give group=, too");
  assertEquals(groupProblem({ by: "key" }, NONE), "by= is for a member of a group: give group=, too");
  assertEquals(groupProblem({ group: "g", ack: "explicit", by: "key", from: 1 }, NONE), undefined);
  assertEquals(groupProblem({ ack: "explicit", from: 1 }, MEMBER), undefined);
  assertEquals(
    groupProblem({ from: "latest" }, MEMBER)?.slice(0, 45),
    "from= with -G: a group that is new begins now",
  );
  assertEquals(
    groupProblem({ to: 5 }, MEMBER),
    "-G shares what is live, too, and has no end: leave to= out",
  );
  assertEquals(
    groupProblem({ slow: "block" }, MEMBER),
    "slow= is not for members of a group (-G): window= says how much waits",
  );
  assertEquals(
    groupProblem({ group: "g" }, { ...NONE, slow: "block" }),
    "group= does not go together with --slow: window= says how much waits",
  );
  assertEquals(
    groupProblem({ group: "g" }, { ...NONE, "exit-at-end": true }),
    "group= shares what is live, too, and has no end: --to and -e are for what is stored",
  );
  assertEquals(groupProblem({}, NONE), undefined);
  assertEquals(groupProblem({ ack: "auto" }, MEMBER), undefined);
  for (const own of [{}, { ack: "explicit" }] as const) {
    assertEquals(groupProblem(own, { ...MEMBER, ack: "exec" }), undefined);
  }
  assertEquals(groupProblem({ group: "g", from: 1 }, { ...NONE, from: "latest" }), undefined);
  assertEquals(
    groupProblem({ group: "g" }, { ...NONE, to: 5 }),
    "group= shares what is live, too, and has no end: --to and -e are for what is stored",
  );
  assertEquals(
    groupProblem({ group: "g" }, { ...NONE, from: "latest" })?.slice(0, 46),
    "--from with group=: a group that is new begins",
  );
  assertEquals(
    groupProblem({ ack: "auto" }, { ...MEMBER, ack: "exec" }),
    "--ack exec acknowledges: leave ack= out",
  );
});

Deno.test("who ends after so many holds no more than those, unless it is told otherwise", () => {
  assertEquals(windowFor({ group: "g", window: undefined, count: 5 }), 5);
  assertEquals(windowFor({ group: "g", window: undefined, count: 5000 }), 256);
  assertEquals(windowFor({ group: "g", window: 7, count: 5 }), 7);
  assertEquals(windowFor({ group: "g", window: undefined, count: undefined }), undefined);
  assertEquals(windowFor({ group: undefined, window: undefined, count: 5 }), undefined);
});
