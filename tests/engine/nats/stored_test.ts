import { assert, assertEquals } from "@std/assert";
import { NEEDS_NATS, startNats } from "../../support/nats_server.ts";
import { Recorder, Sender, started, subscribed } from "../case_parts.ts";
import { StoredOnNats } from "./stored_bench.ts";

Deno.test(
  "what is published on one broker is stored, and comes to the subscribers of both",
  NEEDS_NATS,
  async () => {
    await using nats = await startNats({ jetstream: true });
    await using one = await StoredOnNats.open(nats.server);
    await using other = await StoredOnNats.open(nats.server);
    const [a, b] = [new Recorder(), new Recorder()];
    await subscribed(one, "#d.>", a);
    await subscribed(other, "#d.*", b);
    const sender = new Sender(one);
    const receipt = await sender.publish("#d.x", "one", "two");
    assert(typeof receipt === "object");
    assertEquals([receipt.level, receipt.topic], ["engine", "#d.x"]);
    assertEquals(sender.answers.map((each) => typeof each === "object" ? each.last : each), [1, 2]);
    await a.has(2);
    await b.has(2);
    assertEquals([a.got, b.got], [["one", "two"], ["one", "two"]]);
    const replay = new Recorder();
    await started(other, replay, { pattern: "#d.x", from: { kind: "earliest" }, to: undefined });
    await replay.has(2, 1);
    assertEquals(replay.got, ["one", "two"]);
    await new Sender(other).publish("#d.x", "three");
    await replay.has(3);
    assertEquals([replay.got, replay.said], [["one", "two", "three"], ["live after 2"]]);
  },
);
