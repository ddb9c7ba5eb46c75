import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { RunError } from "../../../lib/errors.ts";
import { checkStore } from "../../../lib/store/tools/check.ts";
import { exportMessages } from "../../../lib/store/tools/export.ts";
import { Importer } from "../../../lib/store/tools/import.ts";
import {
  type ExportedMessage,
  headerProblem,
  type ImportedMessage,
} from "../../../lib/store/tools/message_parts.ts";
import { Program } from "../../../scripts/program.ts";
import { EARLIEST, run, shown } from "../asking.ts";
import { Folder } from "../folder.ts";

const NOTHING = { id: undefined, key: undefined, ttl: undefined, reply: undefined, headers: new Map() };

function exported(folder: Folder, pattern = "#>"): ExportedMessage[] {
  return [...exportMessages(folder.data, pattern)];
}

/** Topic, sequence number and payload of each. */
function told(messages: readonly ExportedMessage[]): string[] {
  return messages.map(({ topic, seq, payload }) => `${topic} ${seq} ${new TextDecoder().decode(payload)}`);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function message(topic: string, payload: string, more: Partial<ImportedMessage> = {}): ImportedMessage {
  return { topic, payload: bytesOf(payload), headers: new Map(), ...more };
}

function imported(folder: Folder, messages: Iterable<ImportedMessage>): void {
  const importer = Importer.open(folder.data);
  for (const one of messages) importer.add(one);
  importer.commit();
  importer.close();
}

function whole(folder: Folder): void {
  const problems: string[] = [];
  checkStore(folder.data, { progress: () => {}, problem: (text) => problems.push(text) });
  assertEquals(problems, []);
}

Deno.test("export gives the messages of a pattern in commit order, with their numbers and times", async () => {
  using folder = new Folder();
  const stored = await folder.with(async (store) => [
    ...await store.commit(run("#a.x", "1", "2"), run("#b", "1")),
    ...await store.commit(run("#a.y", "one"), run("#a.x", "3")),
  ]);
  assertEquals(told(exported(folder)), ["#a.x 1 1", "#a.x 2 2", "#b 1 1", "#a.y 1 one", "#a.x 3 3"]);
  assertEquals(told(exported(folder, "#a.*")), ["#a.x 1 1", "#a.x 2 2", "#a.y 1 one", "#a.x 3 3"]);
  assertEquals(told(exported(folder, "#b")), ["#b 1 1"]);
  assertEquals(exported(folder, "#nobody"), []);
  assertEquals(exported(folder, "#b")[0]?.time, stored[1]?.time);
});

Deno.test("export gives what a publish says by its names, and as it stands where names cannot say it", async () => {
  using folder = new Folder();
  const frames: [string, Partial<ExportedMessage>][] = [
    ["pub #a 1 id=4%202 key=k ttl=0.5 reply=#r h.a%20b=%C3%BC\nx\n", {
      id: "4 2",
      key: "k",
      ttl: 0.5,
      reply: "#r",
      headers: new Map([["a b", "ü"]]),
    }],
    ["pub #a 3\r\na\nb\n", { payload: bytesOf("a\nb") }],
    ["pub #a 1 id=7\r\nx\n", { id: "7" }],
    ["pub #a 1 ttl=060\nx\n", { fields: "ttl=060" }],
    ["pub #a 1 new=1 id=7\nx\n", { id: "7", fields: "new=1 id=7" }],
    ["pub #a 1 key=1 key=2\nx\n", { key: "2", fields: "key=1 key=2" }],
    ["pub #a 0\n\n", { payload: bytesOf("") }],
  ];
  const odd = Uint8Array.of(...bytesOf("pub #a 1 z="), 0xff, ...bytesOf("\nx\n"));
  const bytes = Uint8Array.of(...bytesOf(frames.map(([frame]) => frame).join("")), ...odd);
  await folder.with((store) => store.commit({ topic: "#a", count: frames.length + 1, bytes }));
  const wanted = frames.map(([, says], at) => ({
    ...NOTHING,
    topic: "#a",
    seq: at + 1,
    payload: bytesOf("x"),
    ...says,
  }));
  const found = exported(folder);
  const time = found[0]?.time ?? NaN;
  assertEquals(
    found.slice(0, -1).map((one) => ({ ...NOTHING, ...one })),
    wanted.map((one) => ({ ...one, time })),
  );
  assertEquals(found.at(-1)?.fields, "z=%FF", "as a broker takes it");
  using copy = new Folder();
  imported(copy, found);
  whole(copy);
  assertEquals(exported(copy), found, "and all of it is there after an import");
});

Deno.test("what was exported and imported is the same again, in its order, with its times", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    for (let at = 0; at < 300; at++) {
      await store.commit(run(`#t.${at % 7}`, `${at}`, "second"), run("#other", "x".repeat(at * 10)));
    }
  });
  const found = exported(folder);
  assertEquals(found.length, 900);
  using copy = new Folder();
  imported(copy, found);
  whole(copy);
  assertEquals(exported(copy), found);
  await copy.with(async (store) => {
    assertEquals((await store.replay("#other", EARLIEST)).messages.length, 300);
    const [next] = await store.commit(run("#other", "live"));
    assertEquals(next?.first, 301, "a broker goes on behind it");
  });
});

Deno.test("an imported message's time is its own, but not before the one stored last and not in the future", () => {
  using folder = new Folder();
  const before = Date.now();
  imported(folder, [
    message("#a", "old", { time: 1_000 }),
    message("#b", "older", { time: 500 }),
    message("#a", "new", { time: 2_000 }),
  ]);
  assertEquals(exported(folder).map(({ time }) => time), [1_000, 1_000, 2_000]);
  imported(folder, [message("#a", "late", { time: 1_500 }), message("#a", "ahead", { time: before + 9e9 })]);
  imported(folder, [message("#a", "now")]);
  const [late = 0, ahead = 0, now = 0] = exported(folder).slice(3).map(({ time }) => time);
  assertEquals(late, 2_000);
  assert(ahead >= before && now >= ahead && now <= Date.now());
});

Deno.test("what waits is exported with its time, in its order, before what is stored, and waits after an import (D9)", async () => {
  using folder = new Folder();
  const far = Date.now() + 3_600_000;
  const fields = new TextEncoder().encode("pub #a 1 key=k ttl=5\nx\n");
  await folder.with(async (store) => {
    await store.commit(run("#a", "stored"));
    await store.commitOf({
      delayed: [
        { ...run("#a", "3", "4"), due: far + 1 },
        { topic: "#a", count: 1, bytes: fields, ttl: 5000, due: far },
        { ...run("#b", "1"), due: 10 },
      ],
    });
  });
  const found = exported(folder);
  assertEquals(told(found), [
    "#b undefined 1",
    "#a undefined x",
    "#a undefined 3",
    "#a undefined 4",
    "#a 1 stored",
  ]);
  assertEquals(found.map(({ at }) => at), [10, far, far + 1, far + 1, undefined]);
  assertEquals([found[1]?.key, found[1]?.ttl], ["k", 5]);
  assertEquals(told(exported(folder, "#b")), ["#b undefined 1"]);
  using copy = new Folder();
  imported(copy, [message("#a", "before"), ...found, message("#a", "behind")]);
  whole(copy);
  await copy.with(async (store) => {
    assertEquals(shown((await store.replay("#>", EARLIEST)).messages), [
      "#a 1 before",
      "#a 2 stored",
      "#a 3 behind",
    ]);
    const { runs } = await store.due({ now: far + 1 });
    assertEquals(runs.map(({ due, topic, ttl }) => [due, topic, ttl]), [
      [10, "#b", undefined],
      [far, "#a", 5000],
      [far + 1, "#a", undefined],
      [far + 1, "#a", undefined],
    ]);
  });
});

Deno.test("what was imported long ago with a ttl is over", async () => {
  using folder = new Folder();
  const time = Date.now() - 60_000;
  imported(folder, [
    message("#a", "over", { time, ttl: 30 }),
    message("#a", "not yet", { time, ttl: 3600 }),
    message("#a", "over too", { time, fields: "z=1 ttl=1" }),
    message("#a", "stays", { time }),
  ]);
  whole(folder);
  await folder.with(async (store) => {
    const { messages } = await store.replay("#a", EARLIEST);
    assertEquals(shown(messages), ["#a 2 not yet", "#a 4 stays"]);
  });
  assertEquals(exported(folder).length, 4, "export gives it all the same");
});

Deno.test("neighbours of one topic and time share a batch, and no order is lost for that", () => {
  using folder = new Folder();
  const time = 5_000;
  const topics = ["#a", "#a", "#b", "#a", "#a", "#b", "#b"];
  imported(folder, topics.map((topic, at) => message(topic, `${at}`, { time })));
  assertEquals(told(exported(folder)).map((line) => line.slice(-1)).join(""), "0123456");
  const large = "x".repeat(700_000);
  imported(folder, [message("#big", large), message("#big", large), message("#big", "y")]);
  whole(folder);
  const db = new DatabaseSync(folder.database, { readOnly: true });
  const counts = db.prepare("SELECT count FROM batch ORDER BY id").all().map(({ count }) => count);
  db.close();
  assertEquals(counts, [2, 1, 2, 2, 1, 2]);
});

Deno.test("export reads a store that a broker has open, without taking its lock or changing it", async () => {
  using folder = new Folder();
  const script = `${import.meta.dirname}/../fixtures/committer.ts`;
  const child = Program.start([Deno.execPath(), "run", "-A", "--no-check", script, folder.data]);
  try {
    await child.see(/^(?:.*\n){50}/);
    const pid = Deno.readTextFileSync(`${folder.data}/hashbus.lock`);
    const acknowledged = child.stdout.trimEnd().split("\n").length - 1;
    const found = exported(folder, "#b");
    assert(found.length >= acknowledged, `${found.length} of ${acknowledged}`);
    assertEquals(found.map(({ seq }) => seq), found.map((_, at) => at + 1), "no gap, no repeat");
    assertEquals(Deno.readTextFileSync(`${folder.data}/hashbus.lock`), pid);
    const lines = child.stdout.length;
    await child.see(new RegExp(`^[^]{${lines + 200},}`));
  } finally {
    await child.stop("SIGKILL");
  }
  const before = [folder.database, folder.wal].map((path) =>
    new Uint8Array(Deno.readFileSync(path)).toBase64()
  );
  assert(exported(folder).length > 100);
  const after = [folder.database, folder.wal].map((path) =>
    new Uint8Array(Deno.readFileSync(path)).toBase64()
  );
  assertEquals(after, before, "nor what a kill -9 left");
});

Deno.test("export begins with the first message that is left", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    for (let at = 1; at <= 8; at++) await store.commit(run("#a", `${at} ${"x".repeat(400_000)}`));
  });
  await folder.with(async (store) => {
    for (let at = 0; at < 10_000 && store.store.state.trimmed < 3; at++) await store.commit(run("#b", "x"));
  }, { retain: { bytes: 2_000_000 } });
  const [first] = exported(folder, "#a");
  assert(first?.seq !== undefined && first.seq > 3, `it begins with ${first?.seq}`);
});

Deno.test("export gives what lies before the damage, then says what is damaged", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    for (const text of ["one", "two", "three"]) await store.commit(run("#a", text));
  });
  const db = new DatabaseSync(folder.database);
  db.exec("UPDATE batch SET bytes = CAST(replace(CAST(bytes AS TEXT), 'two', 'TWO') AS BLOB)");
  db.close();
  const found: string[] = [];
  const error = assertThrows(() => {
    for (const { payload } of exportMessages(folder.data, "#>")) {
      found.push(new TextDecoder().decode(payload));
    }
  }, RunError);
  assertEquals(found, ["one"]);
  assert(/is damaged: of #a the messages 2 to 2, batch 2: .*checksum/.test(error.message), error.message);
});

Deno.test("there is nothing to export where there is no store, and none is made", () => {
  using folder = new Folder();
  assertThrows(() => exported(folder), RunError, "there is no store in");
  assertThrows(() => Deno.statSync(folder.data), Deno.errors.NotFound);
});

Deno.test("an import into a store that somebody has open is refused with the process id", async () => {
  using folder = new Folder();
  await folder.with(async (store) => {
    await store.commit(run("#a", "1"));
    assertThrows(() => Importer.open(folder.data), RunError, `in use by process ${Deno.pid}`);
  });
});

Deno.test("a header line longer than a broker takes is told before it is stored", () => {
  const long = message("#a", "x", { headers: new Map([["h", " ".repeat(100)]]) });
  assertEquals(headerProblem(long, 1000), undefined);
  assertEquals(
    headerProblem(long, 300),
    "topic and fields come to 313 bytes, at most 300 are taken (--max-line)",
  );
});

Deno.test("what is due in more than a year is told before it is stored (D9)", () => {
  const day = 86_400_000;
  const problem = (days: number): string | undefined =>
    headerProblem(message("#a", "x", { at: Date.now() + days * day }), 1000);
  assertEquals([problem(-3), problem(364.9)], [undefined, undefined]);
  assertMatch(problem(366)!, /^"at" is at most 365 days ahead, 2\d{3}-.*Z is more$/);
});

Deno.test("fields that a publisher could not have sent are told before they are stored (V4, V10)", () => {
  const problem = (more: Partial<ImportedMessage>): string | undefined =>
    headerProblem(message("#a", "x", more), 1000);
  for (const fields of ["k=a\tb", "k=\0", "k=\x7f", "k=\u2028", Uint8Array.of(0x6b, 0x3d, 0xff)]) {
    assertEquals(
      problem({ fields }),
      "a field is UTF-8, its white space and control characters percent-encoded, as in key=a%20b",
    );
  }
  for (const more of [{ ttl: 1e99 }, { ttl: 0 }, { fields: "ttl=x" }, { fields: "z=1 ttl=1e99" }]) {
    assertEquals(problem(more), "ttl= is a number of seconds, more than 0, like ttl=60 or ttl=0.5");
  }
  for (const more of [{ ttl: 0.5 }, { fields: "ttl=060" }, { key: "a\t\0 ü", id: "\u2028" }]) {
    assertEquals(problem(more), undefined);
  }
});
