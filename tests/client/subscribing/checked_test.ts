import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  checkedPattern,
  checkOptions,
  checkUnsubscribeOptions,
} from "../../../lib/client/subscribing/checked.ts";
import { connectSubscriber, RefusedError, type SubscribeOptions } from "../../../lib/mod.ts";
import { startExerciseBroker } from "../exercise_broker.ts";

/** As a program without a compiler calls it. */
type Careless = (...given: readonly unknown[]) => Promise<unknown>;

Deno.test("what is of the wrong kind is said at once, in one line, and nothing is sent", async () => {
  await using broker = startExerciseBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  const subscribe = subscriber.subscribe.bind(subscriber) as Careless;
  const cases: [given: readonly unknown[], said: string][] = [
    [[], "a pattern is a string, undefined is not"],
    [[42], "a pattern is a string, the number 42 is not"],
    [[Promise.resolve("#a")], "a pattern is a string, a Promise is not: did you forget await?"],
    [[["#a"]], "a pattern is a string, an array is not"],
    [["#a", null], "the options of a subscription are an object, null is not"],
    [["#a", "earliest"], 'the options of a subscription are an object, "earliest" is not'],
    [["#a", 7], "the options of a subscription are an object, the number 7 is not"],
    [["#a", { from: {} }], "from is a number, a Date or a string, an object is not"],
    [["#a", { from: Symbol("now") }], "from is a number, a Date or a string, a symbol is not"],
    [["#a", { from: null }], "from is a number, a Date or a string, null is not"],
    [["#a", { from: 1, to: true }], "to is a number, a Date or a string, true is not"],
    [["#a", { signal: {} }], "signal is an AbortSignal, an object is not"],
    [["#a", { group: 7 }], "group is the name of one, a string, the number 7 is not"],
    [["#a", { group: Promise.resolve("g") }], "a Promise is not: did you forget await?"],
  ];
  for (const [given, said] of cases) {
    const error = await assertRejects(() => subscribe(...given), TypeError);
    assert(error.message.endsWith(said), error.message);
  }
  const unsubscribe = subscriber.unsubscribe.bind(subscriber) as Careless;
  const caughtUp = subscriber.caughtUp.bind(subscriber) as Careless;
  for (const ask of [unsubscribe, caughtUp]) {
    await assertRejects(() => ask(42), TypeError, "a pattern is a string, the number 42 is not");
    await assertRejects(() => ask({}), TypeError, "a pattern is a string, an object is not");
    await assertRejects(() => ask("a b"), RefusedError);
  }
  await assertRejects(() => unsubscribe("#a", "g"), TypeError, 'an object, "g" is not');
  await assertRejects(() => unsubscribe("#a", { group: 7 }), TypeError, "the number 7 is not");
  await assertRejects(() => unsubscribe("#a", { group: "a b" }), RefusedError, "white space");
  assertEquals(broker.reads, []);
});

Deno.test("what is of the right kind and cannot be meant is refused with BAD_FIELD, and nothing is sent", async () => {
  await using broker = startExerciseBroker();
  await using subscriber = await connectSubscriber({ id: "s1", port: broker.subPort });
  const cases: [given: unknown, said: string][] = [
    [
      { slow: "nonsense" },
      'slow: one of "block", "disconnect", "drop-new", "drop-old", "latest", not "nonsense"',
    ],
    [{ slow: 1 }, "not 1"],
    [{ from: NaN }, "a sequence number is a whole number from 0 on, NaN is not"],
    [{ from: 1.5 }, "1.5 is not"],
    [{ from: new Date(NaN) }, "from: that is no time"],
    [{ from: "soon" }, 'not "soon"'],
    [{ from: 1, to: "earliest" }, 'not "earliest"'],
    [{ to: 5 }, "give both"],
    [{ timeout: 0 }, "timeout: milliseconds, more than 0, not 0"],
    [{ timeout: NaN }, "not NaN"],
    [{ timeout: "5" }, 'not "5"'],
    [{ group: "" }, "group: the name of a group is missing"],
    [{ group: "a.b" }, 'group: the name of a group has no "#", ".", "*" or ">", "a.b" has'],
    [{ group: "a b" }, 'white space, control or invisible characters, "a b" has'],
    [{ group: "ä".repeat(33) }, "at most 64 bytes"],
    [{ group: "\ud800" }, "group: the name of a group has no"],
    ...[0, -1, 1.5, NaN, 65_537].map((window): [unknown, string] => [
      { group: "g", window },
      `window: a whole number of messages from 1 to 65536, not ${window}`,
    ]),
    [{ group: "g", window: "5" }, 'from 1 to 65536, not "5"'],
    [{ window: 5 }, "`window` is for a member of a `group`: give both"],
    [{ ack: "explicit" }, "`ack` is for a member of a `group`: give both"],
    [{ group: "g", ack: "exec" }, 'ack: "auto" or "explicit", not "exec"'],
    [{ by: "key" }, "`by` is for a member of a `group`: give both"],
    [{ group: "g", by: "name" }, 'by: "key", not "name"'],
    [{ group: "g", ack: true }, 'ack: "auto" or "explicit", not true'],
    [{ group: "g", from: "latest" }, '"-10m", not "latest"'],
    [{ group: "g", from: "-10" }, '"-10m", not "-10"'],
    [{ group: "g", from: "soon" }, 'from: "now", "earliest"'],
    [{ group: "g", to: 1 }, "a member of a `group` gets what is live at last: leave `to` out"],
    [{ group: "g", slow: "latest" }, "leave `slow` out"],
  ];
  for (const [options, said] of cases) {
    const asked = (): Promise<unknown> => subscriber.subscribe("#a", options as SubscribeOptions);
    const { code, message } = await assertRejects(asked, RefusedError, said);
    assertEquals(code, "BAD_FIELD");
    assert(!message.includes("\n"));
  }
  assertEquals(broker.reads, []);
});

Deno.test("what can be meant is let pass, up to its bounds", () => {
  const { signal } = new AbortController();
  const fine: SubscribeOptions[] = [
    {},
    { from: "now" },
    { from: 7, to: new Date() },
    { from: "-10", to: "-1s" },
    { from: "latest", slow: "latest" },
    ...(["block", "disconnect", "drop-new", "drop-old", "latest"] as const).map((slow) => ({ slow })),
    { timeout: 0.5 },
    { timeout: 1, signal },
    { timeout: Infinity },
    { group: "g" },
    { group: "g", window: 1 },
    { group: "g", window: 65_536, ack: "auto", by: "key" },
    { group: "ä".repeat(32), ack: "explicit" },
    ...(["now", "earliest", 7, new Date(), "-10m"] as const).map((from) => ({ group: "g", from })),
  ];
  for (const options of fine) checkOptions(options);
  for (const options of [{}, { group: "g" }, { group: undefined }]) checkUnsubscribeOptions(options);
  for (const options of [null, [], "g", 7]) assertThrows(() => checkUnsubscribeOptions(options), TypeError);
  assertEquals([checkedPattern("a.*"), checkedPattern("#a.>")], ["#a.*", "#a.>"]);
  assertEquals(assertThrows(() => checkedPattern("#a b"), RefusedError).code, "BAD_PATTERN");
});
