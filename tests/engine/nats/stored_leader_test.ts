/** Durable topics on a cluster of three, of which the server that leads their stream is killed. */
import { assert, assertEquals } from "@std/assert";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import type { Receipt } from "../../../lib/engine/types.ts";
import { type NatsServer, type NatsServers, NEEDS_NATS, startNats } from "../../support/nats_server.ts";
import { Recorder, Sender, started, subscribed } from "../case_parts.ts";
import { member, StoredOnNats } from "./stored_bench.ts";

/** The server that leads a stream. */
async function leaderOf(nats: NatsServers, stream: string): Promise<NatsServer> {
  const connection = await connect({ servers: nats.servers });
  try {
    const manager = await jetstreamManager(connection);
    const { cluster } = await manager.streams.info(stream);
    return nats.nodes[Number(cluster!.leader!.slice(1))]!;
  } finally {
    await connection.close();
  }
}

async function passed(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

Deno.test(
  "the stream's leader killed in the midst of publishes, a replay and a group's work: nothing is lost (N7, N8, N11)",
  NEEDS_NATS,
  async () => {
    await using nats = await startNats({ count: 3, jetstream: true });
    const options = { servers: nats.servers, replicas: 3, connectTimeout: 20_000 };
    await using here = await StoredOnNats.open(nats.server, options);
    await using there = await StoredOnNats.open(nats.server, options);
    const live = new Recorder();
    await subscribed(there, "#d.>", live);
    const worker = await member(there);
    const sender = new Sender(here);
    for (let at = 0; at < 600; at++) sender.send("#d.x", `before ${at}`);
    while (sender.answers.length < 600) await passed(5);
    const replay = new Recorder();
    await started(there, replay, { pattern: "#d.>", from: { kind: "earliest" }, to: undefined });
    const leader = await leaderOf(nats, "test");
    const answers: Promise<Receipt | string>[] = [];
    const settled = new Set<number>();
    const settle = (): void => {
      for (const { topic, sequence } of worker.given.splice(0)) {
        if (worker.ack(topic, sequence)) settled.add(sequence);
      }
    };
    for (let at = 0; at < 300; at++) {
      if (at === 100) await leader.stop();
      answers.push(sender.publish("#d.x", `${at}`));
      if (at % 10 === 0) await passed(1);
      settle();
    }
    const stored = (await Promise.all(answers)).flatMap((answer, at) =>
      typeof answer === "object" ? [`${at}`] : []
    );
    assert(stored.length > 0, "some is stored");
    const end = await sender.publish("#d.x", "end");
    assert(typeof end === "object", `${end}`);
    while (live.got.at(-1) !== "end" || replay.got.at(-1) !== "end") await passed(5);
    for (const got of [live.got, replay.got]) {
      const all = new Set(got);
      assertEquals(got.length, all.size, "twice");
      assertEquals(stored.filter((text) => !all.has(text)), [], "acknowledged and not brought");
    }
    assertEquals(live.got, replay.got, "in the order of the stream");
    while (settled.size < live.got.length) {
      settle();
      await passed(5);
    }
  },
);
