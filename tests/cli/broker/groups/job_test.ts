import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  Broker,
  type From,
  type GroupListing,
  type GroupName,
  PUBLISHERS,
  SUBSCRIBERS,
} from "../../../../lib/broker/mod.ts";
import { type AskedBroker, openControl } from "../../../../lib/cli/broker/groups/control.ts";
import { runGroups } from "../../../../lib/cli/broker/groups/job.ts";
import type { GroupsJob } from "../../../../lib/cli/broker/groups/options.ts";
import { RunError } from "../../../../lib/errors.ts";
import { SILENT_LOG } from "../../../../lib/log.ts";
import { MemoryStore } from "../../../../lib/store/memory.ts";
import { memoryPair } from "../../../support/memory_pair.ts";
import { RawClient } from "../../../support/raw_client.ts";
import { TestServer } from "../../../support/server.ts";
import { upgrade } from "../../../support/v2.ts";
import { within } from "../../../support/within.ts";
import { StandInStream } from "../../stand_in.ts";

const NOBODY = { lag: 0, outstanding: 0, members: 0, settling: undefined, oldest: undefined };

/** A broker that runs over a directory of its own and has these groups; all but one of them are stored. */
class Running implements Disposable {
  readonly dir = Deno.makeTempDirSync();
  readonly asked: unknown[] = [];
  readonly #control: { close(): void };

  constructor(names: readonly GroupName[], { members = [] }: { readonly members?: readonly string[] } = {}) {
    const changed = (what: unknown, { name }: GroupName): Promise<boolean> => {
      this.asked.push(what);
      return Promise.resolve(!members.includes(name));
    };
    const groups: GroupListing[] = names.map((name) => ({ ...NOBODY, ...name }));
    const broker: Omit<AskedBroker, "serve"> = {
      groups: () => Promise.resolve(groups),
      resetGroup: (group, from?: From) => changed(["reset", group, from], group),
      deleteGroup: (group) => changed(["delete", group], group),
    };
    this.#control = openControl(this.dir, broker as AskedBroker, SILENT_LOG);
  }

  /** What is printed, and the exit code. */
  async run(job: GroupsJob): Promise<[code: number, text: string]> {
    return await run(this.dir, job);
  }

  [Symbol.dispose](): void {
    this.#control.close();
    Deno.removeSync(this.dir, { recursive: true });
  }
}

async function run(dir: string, job: GroupsJob): Promise<[code: number, text: string]> {
  using stdout = new StandInStream("stdout");
  const code = await within(`the end of "${job.do}"`, runGroups(dir, job));
  return [code, stdout.text];
}

const JOBS = { name: "jobs", pattern: "#jobs.>" };
const MAIL = { name: "mail", pattern: "#mail" };
const MORE_MAIL = { name: "mail", pattern: "#more" };

Deno.test("groups are listed as a table or as JSON, and that there are none is said", async () => {
  using running = new Running([JOBS]);
  const [code, table] = await running.run({ do: "list", json: false });
  assertEquals([code, table.split("\n").length, table.includes("#jobs.>")], [0, 3, true], table);
  const [jsonCode, json] = await running.run({ do: "list", json: true });
  assertEquals([jsonCode, JSON.parse(json).name], [0, "jobs"]);
  using idle = new Running([]);
  assertEquals(await idle.run({ do: "list", json: false }), [0, "no groups\n"]);
  assertEquals(await idle.run({ do: "list", json: true }), [0, ""]);
});

Deno.test("a group is reset to where it is to begin, by its name or by its name and pattern", async () => {
  using running = new Running([MAIL, JOBS, MORE_MAIL]);
  const called = { name: "jobs", pattern: undefined };
  const printed = 'group "jobs" of "#jobs.>" begins anew\n';
  assertEquals(await running.run({ do: "reset", group: called, from: "now" }), [0, printed]);
  assertEquals(await running.run({ do: "reset", group: called, from: "earliest" }), [0, printed]);
  assertEquals(await running.run({ do: "reset", group: MORE_MAIL, from: 7 }), [
    0,
    'group "mail" of "#more" begins anew\n',
  ]);
  const time = new Date("2026-01-31T09:00:00Z");
  await running.run({ do: "reset", group: JOBS, from: time });
  assertEquals(running.asked, [
    ["reset", JOBS, undefined],
    ["reset", JOBS, { kind: "earliest" }],
    ["reset", MORE_MAIL, { kind: "sequence", sequence: 7 }],
    ["reset", JOBS, { kind: "time", time: time.getTime() }],
  ]);
});

Deno.test("a group is deleted, and one of which there are several is to be called by its pattern, too", async () => {
  using running = new Running([MAIL, JOBS, MORE_MAIL]);
  const group = { name: "mail", pattern: undefined };
  const several = await assertRejects(() => running.run({ do: "delete", group }), RunError);
  assertEquals(
    several.message,
    'several groups have the name "mail": say which, "mail#mail", "mail#more"',
  );
  assertEquals(await running.run({ do: "delete", group: MAIL }), [0, 'group "mail" of "#mail" is deleted\n']);
  assertEquals(running.asked, [["delete", MAIL]]);
});

Deno.test("a group that is not there is told as it was called, and one that has only members as that", async () => {
  using running = new Running([MAIL, JOBS], { members: ["jobs"] });
  const said = async (job: GroupsJob): Promise<string> =>
    (await assertRejects(() => running.run(job), RunError)).message;
  assertEquals(
    await said({ do: "delete", group: { name: "none", pattern: undefined } }),
    'there is no group "none": --groups lists those there are',
  );
  assertEquals(
    await said({ do: "delete", group: { name: "mail", pattern: "#else" } }),
    'there is no group "mail#else": --groups lists those there are',
  );
  assertEquals(running.asked, []);
  assertEquals(
    await said({ do: "reset", group: JOBS, from: "now" }),
    'group "jobs" of "#jobs.>" is not stored: it has only members',
  );
});

Deno.test("how many dead letters were redriven is said", async () => {
  const store = new MemoryStore({ now: () => Date.now() });
  await using broker = new TestServer({ durable: { store, patterns: ["#jobs.>", "#dead.>"] } });
  using worker = await upgrade(broker.connect("subscribers"));
  assertEquals(await worker.ask("sub #jobs.> group=g ack=explicit"), "ok 1");
  using publisher = await upgrade(broker.connect("publishers"));
  const dead = "pub #dead.g.jobs.a 1 h.dead-topic=%23jobs.a\nx";
  assertMatch(await publisher.ask(dead) ?? "", /^ok 1 /);
  const dir = await Deno.makeTempDir();
  const control = openControl(dir, broker.broker, SILENT_LOG);
  try {
    assertEquals(await run(dir, { do: "redrive", name: "g" }), [0, '1 dead letter of group "g" redriven\n']);
    assertEquals(await run(dir, { do: "redrive", name: "g" }), [0, '0 dead letters of group "g" redriven\n']);
  } finally {
    control.close();
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("what the broker that runs says is wrong is the error", async () => {
  using running = new Running([]);
  const error = await assertRejects(() => running.run({ do: "redrive", name: "g" }), RunError);
  assertEquals(error.message, 'there is no group "g": --groups lists those there are');
});

Deno.test("where no broker runs the store is opened for it, and closed again; no store is told", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await assertRejects(() => run(dir, { do: "list", json: false }), RunError, dir);
    await (await Broker.open({ data: dir })).close();
    assertEquals(await run(dir, { do: "list", json: false }), [0, "no groups\n"]);
    assertEquals(await run(dir, { do: "list", json: false }), [0, "no groups\n"], "nobody holds it");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** A directory with a broker that answers each request with this line. */
class Answering implements Disposable {
  readonly dir = Deno.makeTempDirSync();
  readonly requests: unknown[] = [];
  readonly #listener = Deno.listen({ transport: "unix", path: `${this.dir}/hashbus.sock` });

  constructor(line: string) {
    void this.#serve(new TextEncoder().encode(`${line}\n`));
  }

  async #serve(line: Uint8Array): Promise<void> {
    for await (const conn of this.#listener) {
      const buffer = new Uint8Array(4096);
      const read = await conn.read(buffer) ?? 0;
      this.requests.push(JSON.parse(new TextDecoder().decode(buffer.subarray(0, read))));
      await conn.write(line);
      conn.close();
    }
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    Deno.removeSync(this.dir, { recursive: true });
  }
}

Deno.test("a broker of another version that answers something else is told as that", async () => {
  using other = new Answering('{"shrugged":true}');
  const said = async (job: GroupsJob): Promise<string> =>
    (await assertRejects(() => run(other.dir, job), RunError)).message;
  const list = `the broker that runs in "${other.dir}" gave no list of groups`;
  assertEquals(await said({ do: "list", json: true }), list);
  assertEquals(await said({ do: "delete", group: JOBS }), list);
  assertEquals(
    await said({ do: "redrive", name: "g" }),
    `the broker that runs in "${other.dir}" redrove nothing`,
  );
  assertEquals(other.requests, [{ do: "list" }, { do: "list" }, { do: "redrive", name: "g" }]);
  using refusing = new Answering('{"error":"not now"}');
  const error = await assertRejects(() => run(refusing.dir, { do: "list", json: true }), RunError);
  assertEquals(error.message, "not now");
});

Deno.test("a group begins so long ago by the clock here, however that is written", async () => {
  using running = new Running([JOBS]);
  const before = Date.now();
  for (const from of ["-10m", "-2h"] as const) await running.run({ do: "reset", group: JOBS, from });
  const times = running.asked.map((asked) => {
    const [what, group, from] = asked as [
      string,
      GroupName,
      { readonly kind: string; readonly time: number },
    ];
    assertEquals([what, group, from.kind], ["reset", JOBS, "time"]);
    return from.time;
  });
  for (const [at, ago] of [600_000, 7_200_000].entries()) {
    const late = times[at]! - (before - ago);
    assertEquals(late >= 0 && late < 60_000, true, `${late} ms`);
  }
});

Deno.test("in a store that is opened for it a group is changed as a broker that runs would", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const broker = await Broker.open({ data: dir });
    {
      using worker = await upgrade(connectTo(broker, "subscribers"));
      assertEquals(await worker.ask("sub #jobs.> group=g ack=explicit"), "ok 1");
      using publisher = await upgrade(connectTo(broker, "publishers"));
      assertMatch(await publisher.ask("pub #jobs.a 1\nx") ?? "", /^ok 1 /);
    }
    await broker.close();
    const called = { name: "g", pattern: undefined };
    const printed = 'group "g" of "#jobs.>" begins anew\n';
    assertEquals(await run(dir, { do: "reset", group: called, from: "now" }), [0, printed]);
    const [, json] = await run(dir, { do: "list", json: true });
    assertEquals(JSON.parse(json).lag, 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** A client of a broker in this process. */
function connectTo(broker: Broker, to: "publishers" | "subscribers"): RawClient {
  const [mine, theirs] = memoryPair();
  void broker.serve(theirs, { listener: to === "publishers" ? PUBLISHERS : SUBSCRIBERS });
  return new RawClient(mine);
}
