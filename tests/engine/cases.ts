/**
 * What every engine does, whatever stands behind it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { CLASSIC_LINES } from "../../lib/protocols/classic/encoding.ts";
import { type Encoding, RECORDS } from "../../lib/wire/encoding.ts";
import { closed, encoder, type Made, Recorder, Sender, started, subscribed, until } from "./case_parts.ts";
import { within } from "../support/within.ts";
import { groupCases } from "./group_cases.ts";

export type { Made };

/** Tries an engine that `make` makes anew for each test. */
export function engineCases(name: string, make: () => Promise<Made>): void {
  const test = (claim: string, body: (made: Made, sender: Sender) => Promise<void>): void => {
    Deno.test(`${name}: ${claim}`, async () => {
      const made = await make();
      try {
        await body(made, new Sender(made));
      } finally {
        if (made.end === undefined) await closed(made.engine);
        else await made.end();
      }
    });
  };

  for (const topic of ["#m.x", "#d.x"]) {
    test(
      `a run to ${topic} reaches every subscriber of its topic, once each, before it is acknowledged`,
      async (made, sender) => {
        const { counters } = made;
        const stored = made.durable && topic.startsWith("#d");
        const isShared = stored && made.shared === true;
        const [a, b, other] = [new Recorder(), new Recorder(), new Recorder()];
        await subscribed(made, "#*.*", a);
        await subscribed(made, "#>", a);
        await subscribed(made, topic, b);
        await subscribed(made, "#other", other);
        const receipt = await sender.publish(topic, "one", "two");
        if (isShared) { for (const recorder of [a, b]) await recorder.has(2); }
        assertEquals([a.got, b.got, other.got], [["one", "two"], ["one", "two"], []]);
        assert(typeof receipt === "object");
        assertEquals(receipt.reached, made.tellsReached === false ? undefined : 2);
        const level = isShared ? "engine" : stored ? "synced" : "memory";
        assertEquals([receipt.level, `${receipt.last}`], [level, stored ? "2" : "undefined"]);
        assertEquals(counters.totals.published, 2);
        assertEquals(await sender.publish(topic, "three"), { ...receipt, last: stored ? 3 : undefined });
      },
    );

    test(
      `runs to ${topic} keep the order in which they were published, and so do their answers`,
      async (made, sender) => {
        const recorder = new Recorder();
        await subscribed(made, "#>", recorder);
        const wanted = Array.from({ length: 200 }, (_, at) => `${at}`);
        for (const text of wanted.slice(0, -1)) sender.send(topic, text);
        await sender.publish(topic, wanted.at(-1)!);
        if (made.shared === true) await recorder.has(wanted.length);
        assertEquals(recorder.got, wanted);
        assertEquals(sender.answers.length, wanted.length);
        const lasts = sender.answers.map((answer) => typeof answer === "string" ? NaN : answer.last ?? 0);
        assertEquals(lasts, [...lasts].sort((one, other) => one - other));
      },
    );
  }

  test(
    "runs that change their topic each time keep every topic's order, and so do their answers",
    async (made, sender) => {
      const { engine, counters, flush } = made;
      const recorder = new Recorder();
      await subscribed(made, "#>", recorder);
      // one that asks others takes its time
      const count = made.shared === true ? 2_000 : 20_000;
      for (let at = 0; at < count; at++) {
        const topic = `#d.t${at % 2}`;
        const gate = engine.gateOf(engine.routeOf(topic));
        if (gate !== undefined) {
          flush();
          await within("room for a run", new Promise<void>((resolve) => gate.whenNotFull(resolve)));
        }
        sender.send(topic, `${at}`);
      }
      await sender.has(count);
      if (made.shared === true) await recorder.has(count);
      assertEquals(recorder.got, Array.from({ length: count }, (_, at) => `${at}`));
      const lasts = sender.answers.map((answer) => typeof answer === "string" ? NaN : answer.last);
      const numbered = Array.from({ length: count }, (_, at) => 1 + (made.shared === true ? at : at >> 1));
      assertEquals(lasts, lasts[0] === undefined ? lasts.map(() => undefined) : numbered);
      assertEquals(counters.totals.published, count);
    },
  );

  test(
    "what is remembered of a topic is forgotten when a subscription changes",
    async ({ engine }, sender) => {
      const [a, b] = [new Recorder(), new Recorder()];
      assertEquals([engine.subscribe("#m", a), engine.subscribe("#m", a)], [true, false]);
      await sender.publish("#m", "1");
      engine.subscribe("#>", b);
      await sender.publish("#m", "2");
      assertEquals([engine.unsubscribe("#m", a), engine.unsubscribe("#m", a)], [true, false]);
      await sender.publish("#m", "3");
      assertEquals([a.got, b.got], [["1", "2"], ["2", "3"]]);
      assertEquals(engine.snapshot().subscriptions, 1);
    },
  );

  test(
    "of the subscribers of one connection only the one with the highest rank gets a message",
    async ({ engine }, sender) => {
      const connection = {};
      const [low, high, other] = [new Recorder(connection, -2), new Recorder(connection, -1), new Recorder()];
      for (const recorder of [low, high, other]) engine.subscribe("#>", recorder);
      await sender.publish("#m", "x");
      assertEquals([low.got, high.got, other.got], [[], ["x"], ["x"]]);
    },
  );

  test(
    "a topic takes runs to several topics where all of its subscribers do, in that encoding",
    async ({ engine, joinsNone }) => {
      const takes = Object.assign(new Recorder(), { takesJoined: (how: Encoding) => how === RECORDS });
      const route = engine.routeOf("#m.x");
      assertEquals(
        [engine.joins(route, RECORDS), engine.joins(route, CLASSIC_LINES)],
        joinsNone === true ? [false, false] : [true, true],
        "nobody",
      );
      engine.subscribe("#m.>", takes);
      assertEquals(
        [engine.joins(route, RECORDS), engine.joins(route, CLASSIC_LINES)],
        [joinsNone !== true, false],
      );
      engine.subscribe("#>", new Recorder());
      assertEquals(engine.joins(route, RECORDS), false, "one does not");
      await Promise.resolve();
    },
  );

  test(
    "what is stored is asked for by who stores, and who may receive what is asked anew when that changes",
    async (made, sender) => {
      const { engine } = made;
      assertEquals(engine.stores(engine.routeOf("#d.x")), made.durable);
      assertEquals(engine.stores(engine.routeOf("#m.x")), false);
      let may = true;
      const grant = { mayReceive: () => may, mayShare: () => may, reception: { allow: ["#>"], deny: [] } };
      const recorder = Object.assign(new Recorder(), { grant });
      engine.subscribe("#>", recorder);
      await sender.publish("#m.x", "1");
      may = false;
      engine.permissionsChanged();
      await sender.publish("#m.x", "2");
      may = true;
      engine.permissionsChanged();
      await sender.publish("#m.x", "3");
      assertEquals(recorder.got, ["1", "3"]);
    },
  );

  test(
    "a subscriber that is full is named before anything is published, and only while it is",
    async ({ engine }, sender) => {
      const [free, full] = [new Recorder(), new Recorder()];
      engine.subscribe("#m", free);
      engine.subscribe("#>", full);
      const route = engine.routeOf("#m");
      assertEquals(engine.gateOf(route), undefined);
      full.full = true;
      assert(engine.gateOf(route) === full);
      assert(engine.gateOf(engine.routeOf("#d")) === full);
      full.full = false;
      assertEquals(engine.gateOf(route), undefined);
      await sender.publish("#m", "x");
      assertEquals([free.got, full.got], [["x"], ["x"]]);
    },
  );

  test("a topic's route is found by its bytes once it has been made twice, with # and without", ({ engine }) => {
    const bytes = encoder.encode("#a.b");
    assertEquals(engine.findRoute(bytes, 0, 4), undefined);
    // most topics are named once: it is remembered from the second time on
    assertEquals(engine.routeOf("#a.b").topic, "#a.b");
    assertEquals(engine.findRoute(bytes, 0, 4), undefined);
    const route = engine.routeOf("#a.b");
    assertEquals([route.topic, route.topicBytes], ["#a.b", 4]);
    assert(engine.findRoute(bytes, 0, 4) === route);
    assert(engine.findRoute(bytes, 1, 4) === route);
    assert(engine.routeOf("#a.b") === route);
    return Promise.resolve();
  });

  test(
    "a message with an id that was published before comes again only where nothing is stored",
    async (made, sender) => {
      const recorder = new Recorder();
      await subscribed(made, "#>", recorder);
      await sender.publish("#d", { text: "a", id: "p-1" }, { text: "b", id: "p-2" });
      const again = await sender.publish(
        "#d",
        { text: "c", id: "p-3" },
        { text: "b", id: "p-2" },
        "d",
        { text: "c", id: "p-3" },
        { text: "e", id: "p-4" },
      );
      assert(typeof again === "object");
      const whole = await sender.publish("#d", { text: "a", id: "p-1" });
      assert(typeof whole === "object");
      if (made.durable) {
        if (made.shared === true) await recorder.has(5);
        assertEquals(recorder.got, ["a", "b", "c", "d", "e"]);
        const lasts = sender.answers.map((answer) => typeof answer === "string" ? answer : answer.last);
        const one = made.shared === true;
        const told = [...(one ? [1] : []), 2, 3, undefined, 4, undefined, 5, undefined];
        assertEquals(lasts, told, "each is true of all it answers");
        assertEquals(sender.counts, [...(one ? [1, 1] : [2]), 1, 1, 1, 1, 1, 1]);
        const level = one ? "engine" : "synced";
        assertEquals([whole.last, whole.level, whole.reached], [undefined, level, undefined]);
      } else {
        assertEquals(recorder.got, ["a", "b", "c", "b", "d", "c", "e", "a"]);
      }
    },
  );

  test(
    "a replay brings what is stored, then what is live; an engine that stores nothing says so",
    async (made, sender) => {
      for (const text of ["1", "2", "3"]) await sender.publish("#d.a", text);
      await sender.publish("#m", "x");
      const recorder = new Recorder();
      const range = { pattern: "#>", from: { kind: "earliest" }, to: undefined } as const;
      const start = await started(made, recorder, range);
      assertEquals(made.engine.durable, made.durable ? ["#d", "#d.>", "#dead.>"] : []);
      if (!made.durable) {
        assert(start.kind === "failed");
        assertMatch(start.reason, /^nothing is stored here \(--d/);
        assertEquals([recorder.got, made.engine.snapshot().replays], [[], 0]);
        return;
      }
      assertEquals(start, { kind: "started", trimmedTo: undefined, ahead: undefined });
      await recorder.has(3, 1);
      await sender.publish("#d.b", "4");
      await recorder.has(4);
      assertEquals(recorder.got, ["1", "2", "3", "4"]);
      assertEquals(recorder.said, ["live after 3"]);
      assertEquals(made.engine.snapshot().replays, 1);
      assertEquals(made.engine.unsubscribe("#>", recorder), true);
      assertEquals(made.engine.unsubscribe("#>", recorder), false);
      await sender.publish("#d.b", "5");
      assertEquals([recorder.got.length, made.engine.snapshot().replays], [4, 0]);
    },
  );

  test(
    "a replay from within a run begins there, and one that ends at a time ends when that is told",
    async (made, sender) => {
      if (!made.durable) return;
      const recorder = new Recorder();
      await started(made, recorder, {
        pattern: "#d",
        from: { kind: "sequence", sequence: 3 },
        to: undefined,
      });
      await recorder.has(0, 1);
      await sender.publish("#d", "1", "2", "3", "4");
      await recorder.has(2);
      assertEquals(recorder.got, ["3", "4"], "the live run is cut where it begins");
      const ending = new Recorder();
      const time = Date.now() + 50;
      await started(made, ending, { pattern: "#d", from: { kind: "earliest" }, to: { kind: "time", time } });
      await ending.has(4);
      // reading goes on until there is nothing left: then it is live
      for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setTimeout(resolve, 1));
      made.engine.tick(time);
      if (Date.now() <= time) assertEquals(ending.said, []);
      while (Date.now() <= time) await new Promise((resolve) => setTimeout(resolve, 5));
      made.engine.tick(Date.now());
      await ending.has(4, 1);
      assertEquals(ending.said, ["end after 4", "over"]);
    },
  );

  test("when it is idle everything is answered, and closing waits for that", async ({ engine }, sender) => {
    for (let at = 0; at < 20; at++) sender.send("#d", `${at}`);
    await within("an engine that is idle", new Promise<void>((resolve) => engine.whenIdle(resolve)));
    assertEquals(sender.answers.length, 20);
    assertEquals(engine.trouble(), undefined);
  });

  test("a snapshot is plain data", async (made, sender) => {
    const { engine, durable } = made;
    await subscribed(made, "#>", new Recorder());
    for (const topic of ["#d", "#d", "#m", "#m"]) await sender.publish(topic, "x");
    if (durable) await until(made, () => engine.snapshot().store?.topics === 1);
    const snapshot = engine.snapshot();
    assertEquals(structuredClone(snapshot), snapshot);
    assertEquals([snapshot.subscriptions, snapshot.topics, snapshot.store?.topics], [
      1,
      2,
      durable ? 1 : undefined,
    ]);
  });

  groupCases(test);
}
