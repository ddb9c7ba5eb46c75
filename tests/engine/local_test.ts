import { assert, assertEquals } from "@std/assert";
import { Chunk, Slice } from "../../lib/buffers.ts";
import { LocalEngine, type Publication, type Run, type Subscriber } from "../../lib/engine/mod.ts";
import { runOf } from "../support/run.ts";

class Recorder implements Subscriber {
  readonly connection = this;
  readonly rank = 0;
  full = false;
  readonly runs: string[] = [];

  deliver(run: Run): void {
    this.runs.push(`${run.route.topic}x${run.count}`);
  }

  whenNotFull(callback: () => void): void {
    callback();
  }
}

function publish(engine: LocalEngine, topic: string, count = 1): Publication {
  return engine.publish(runOf(engine.routeOf(topic), new Slice(new Chunk(new Uint8Array(8))), count));
}

Deno.test("LocalEngine hands a run to every subscriber of its topic, once each", () => {
  const engine = new LocalEngine();
  const [a, b] = [new Recorder(), new Recorder()];
  engine.subscribe("#x.*", a);
  engine.subscribe("#x.>", a);
  engine.subscribe("#x.y", b);
  publish(engine, "#x.y", 3);
  publish(engine, "#x.z", 2);
  publish(engine, "#other");
  assertEquals(a.runs, ["#x.yx3", "#x.zx2"]);
  assertEquals(b.runs, ["#x.yx3"]);
  assertEquals(engine.counters.published, 6);
});

Deno.test("LocalEngine forgets what it remembered when a subscription changes", () => {
  const engine = new LocalEngine();
  const [a, b] = [new Recorder(), new Recorder()];
  engine.subscribe("#x", a);
  publish(engine, "#x");
  engine.subscribe("#>", b);
  publish(engine, "#x");
  engine.unsubscribe("#x", a);
  publish(engine, "#x");
  assertEquals([a.runs.length, b.runs.length], [2, 2]);
  assertEquals(engine.subscriptions, 1);
});

Deno.test("LocalEngine gives a run to nobody while one of its subscribers is full", () => {
  const engine = new LocalEngine();
  const [free, full] = [new Recorder(), new Recorder()];
  engine.subscribe("#x", free);
  engine.subscribe("#x", full);
  full.full = true;
  assertEquals(publish(engine, "#x"), full);
  assertEquals([free.runs, full.runs, engine.counters.published], [[], [], 0]);
  full.full = false;
  assertEquals(publish(engine, "#x"), "delivered");
  assertEquals([free.runs.length, full.runs.length], [1, 1]);
});

Deno.test("LocalEngine finds a topic's route by its bytes once it has been made", () => {
  const engine = new LocalEngine(7);
  const bytes = new TextEncoder().encode("#a.b");
  assertEquals(engine.findRoute(bytes, 0, 4), undefined);
  const route = engine.routeOf("#a.b");
  assert(engine.findRoute(bytes, 0, 4) === route);
  assert(engine.findRoute(bytes, 1, 4) === route, "without its #");
});
