import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { assert, assertEquals } from "@std/assert";
import type { Receipt } from "../../../lib/engine/types.ts";
import { NEEDS_NATS, startNats } from "../../support/nats_server.ts";
import { Recorder, Sender, started, subscribed } from "../case_parts.ts";
import { StoredOnNats } from "./stored_bench.ts";

Deno.test(
  "NATS killed in the midst of it: what is acknowledged is stored, comes once, and all goes on (N8)",
  NEEDS_NATS,
  async () => {
    await using nats = await startNats({ jetstream: true });
    await using made = await StoredOnNats.open(nats.server);
    const live = new Recorder();
    await subscribed(made, "#d.>", live);
    const sender = new Sender(made);
    const count = 300;
    // what is refused while NATS is away is answered before what is on its way
    const answers: Promise<Receipt | string>[] = [];
    for (let at = 0; at < count; at++) {
      if (at === 100) await nats.nodes[0]!.stop();
      answers.push(sender.publish("#d.x", `${at}`));
    }
    await nats.nodes[0]!.restart();
    const acknowledged = (await Promise.all(answers))
      .flatMap((answer, at) => typeof answer === "object" ? [`${at}`] : []);
    assert(acknowledged.length >= 100, "what was on its way is sent again");
    const replay = new Recorder();
    await started(made, replay, { pattern: "#d.x", from: { kind: "earliest" }, to: undefined });
    await replay.has(acknowledged.length, 1);
    const stored = new Set(replay.got);
    assertEquals(acknowledged.filter((text) => !stored.has(text)), [], "acknowledged and not stored");
    assertEquals(replay.got.length, stored.size, "stored twice");
    await sender.publish("#d.x", "last");
    while (live.got.at(-1) !== "last") await live.has(live.got.length + 1);
    assertEquals(
      live.got,
      [...replay.got.slice(0, live.got.length - 1), "last"],
      "in the order of the stream",
    );
  },
);

Deno.test(
  "a stream that is deleted and made anew: who is subscribed has all that is in it, who replayed is told (D4, N8)",
  NEEDS_NATS,
  async () => {
    await using nats = await startNats({ jetstream: true });
    await using made = await StoredOnNats.open(nats.server);
    const [live, replay] = [new Recorder(), new Recorder()];
    await subscribed(made, "#d.>", live);
    await started(made, replay, { pattern: "#d.x", from: { kind: "earliest" }, to: undefined });
    const sender = new Sender(made);
    for (const text of ["1", "2", "3"]) await sender.publish("#d.x", text);
    for (const each of [live, replay]) await each.has(3);
    const connection = await connect({ servers: nats.server });
    await (await jetstreamManager(connection)).streams.delete("test");
    await connection.close();
    await using other = await StoredOnNats.open(nats.server);
    for (const text of ["4", "5"]) await new Sender(other).publish("#d.x", text);
    await live.has(5);
    assertEquals(live.got, ["1", "2", "3", "4", "5"]);
    await replay.has(3, 2);
    assertEquals(replay.said.slice(0, 2).map((each) => each.slice(0, 6)), ["live a", "failed"]);
    const again = new Recorder();
    await started(made, again, { pattern: "#d.x", from: { kind: "earliest" }, to: undefined });
    await again.has(2, 1);
    assertEquals(again.got, ["4", "5"]);
  },
);
