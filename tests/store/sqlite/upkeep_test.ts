/**
 * What the store does between two commits, by what it does and not by how long it takes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { openForWriting } from "../../../lib/store/sqlite/open_for_writing.ts";
import { Upkeep } from "../../../lib/store/sqlite/threads/upkeep.ts";
import type { Writer } from "../../../lib/store/sqlite/writer/writer.ts";
import type { RetentionRules } from "../../../lib/store/types.ts";
import { encodeText } from "../../../lib/wire/bytes.ts";
import { Folder } from "../folder.ts";

/** A writer in a folder, gone with the work. */
function withWriter(work: (writer: Writer) => void): void {
  using folder = new Folder();
  const { writer, held } = openForWriting(folder.data, {
    sync: "interval",
    dedupWindow: 1000,
    judge: () => {},
  });
  try {
    work(writer);
  } finally {
    writer.close();
    held.release();
  }
}

/** Commits so many batches of one message, each to a topic of its own or all to one. */
function commit(
  writer: Writer,
  topics: "one" | "many",
  { count, time }: { count: number; time: number },
): void {
  const batches = [];
  const records: Uint8Array[] = [];
  let at = 0;
  for (let number = 0; number < count; number++) {
    const topic = topics === "one" ? "#one" : `#many.${number}`;
    const record = encodeText(`pub ${topic} 1\nx\n`);
    batches.push({ topic, count: 1, start: at, end: at + record.length, ids: `k-${number}` });
    records.push(record);
    at += record.length;
  }
  const bytes = new Uint8Array(at);
  at = 0;
  for (const record of records) {
    bytes.set(record, at);
    at += record.length;
  }
  assert("firsts" in writer.commit({ batches }, bytes, time));
}

function upkeepOf(writer: Writer, retain: RetentionRules): Upkeep {
  return new Upkeep(writer, { retain, dedupWindow: 1000, note: () => {}, trimmed: () => {} });
}

Deno.test("many small batches are no reason for a checkpoint, a large WAL is", () => {
  withWriter((writer) => {
    for (const topics of ["one", "many"] as const) {
      for (let at = 0; at < 5; at++) commit(writer, topics, { count: 500, time: 1 });
      assertEquals(writer.checkpointDue, false, topics);
    }
    const topic = "#large";
    const payload = "x".repeat(9 * 1024 * 1024);
    const bytes = encodeText(`pub ${topic} ${payload.length}\n${payload}\n`);
    writer.commit({ batches: [{ topic, count: 1, start: 0, end: bytes.length }] }, bytes, 1);
    assertEquals(writer.checkpointDue, true);
    assertEquals(writer.checkpoint(), undefined);
    assertEquals(writer.checkpointDue, false);
  });
});

Deno.test("what is trimmed keeps up with what comes: a slice takes as long as the commit before it", () => {
  for (const topics of ["one", "many"] as const) {
    withWriter((writer) => {
      const upkeep = upkeepOf(writer, { age: 1000 });
      commit(writer, topics, { count: 3000, time: Date.now() - 60_000 });
      // a commit that took a minute
      upkeep.committed(60_000);
      assertEquals(upkeep.trimmed, 3000, topics);
      assertEquals(upkeep.more, false);
      assertEquals(writer.batches, 0);
    });
  }
});

Deno.test("a slice behind a commit that took no time leaves the rest to the next", () => {
  withWriter((writer) => {
    const upkeep = upkeepOf(writer, { age: 1000 });
    commit(writer, "many", { count: 20_000, time: Date.now() - 60_000 });
    upkeep.committed(0);
    assert(upkeep.trimmed > 0 && upkeep.trimmed < 20_000, `${upkeep.trimmed} trimmed`);
    assertEquals(upkeep.more, true);
    for (let at = 0; upkeep.more && at < 20_000; at++) upkeep.slice();
    assertEquals(upkeep.trimmed, 20_000);
  });
});

Deno.test("what was deleted is noted, and nothing where nothing was", () => {
  for (const age of [0, 60_000]) {
    withWriter((writer) => {
      const notes: string[] = [];
      const note = (level: string, event: string, fields?: unknown): void =>
        void notes.push(`${level} ${event} ${JSON.stringify(fields)}`);
      const upkeep = new Upkeep(writer, {
        retain: { age: 30_000 },
        dedupWindow: 1000,
        note,
        trimmed: () => {},
      });
      commit(writer, "many", { count: 2, time: Date.now() - age });
      upkeep.slice();
      assertEquals(notes, age === 0 ? [] : ['debug old messages deleted {"messages":2}']);
    });
  }
});

Deno.test("room that is given back to the disk lies in the WAL first, and is moved as all else is", () => {
  withWriter((writer) => {
    const topic = "#large";
    const payload = "x".repeat(24 * 1024 * 1024);
    const bytes = encodeText(`pub ${topic} ${payload.length}\n${payload}\n`);
    writer.commit({ batches: [{ topic, count: 1, start: 0, end: bytes.length }] }, bytes, 1);
    assertEquals(writer.giveBack(), false, "nothing is free");
    writer.trim(writer.agedAfter(0, 1), { groupsMiss: false });
    assertEquals(writer.checkpoint(), undefined);
    assertEquals([writer.walUsed, writer.giveBack(), writer.walUsed], [false, true, true]);
  });
});

/** What an upkeep notes over a writer that fails as it is told to. */
function noted(
  retain: RetentionRules,
  work: (writer: Writer, upkeep: Upkeep, notes: string[]) => void,
): void {
  withWriter((writer) => {
    const notes: string[] = [];
    const note = (level: string, event: string, fields?: unknown): void =>
      void notes.push(`${level} ${event} ${JSON.stringify(fields)}`);
    work(writer, new Upkeep(writer, { retain, dedupWindow: 1000, note, trimmed: () => {} }), notes);
  });
}

const fails = (): never => {
  throw new Error("disk I/O error");
};

Deno.test("ids that cannot be forgotten are noted, and asked for again when it is due and not before", () => {
  noted({}, (writer, upkeep, notes) => {
    commit(writer, "one", { count: 1, time: Date.now() });
    Object.assign(writer, { forgetIds: fails });
    for (let at = 0; at < 3; at++) upkeep.slice();
    assertEquals(notes, ['error old ids cannot be forgotten {"reason":"disk I/O error"}']);
    assertEquals(upkeep.more, false, "a slice that fails is not followed by another at once");
  });
});

Deno.test("messages that cannot be deleted are noted, are not counted, and go with a later slice", () => {
  noted({ age: 30_000 }, (writer, upkeep, notes) => {
    commit(writer, "many", { count: 2, time: Date.now() - 60_000 });
    const trim = writer.trim.bind(writer);
    Object.assign(writer, { trim: fails });
    upkeep.slice();
    assertEquals([upkeep.trimmed, upkeep.more, writer.batches], [0, false, 2]);
    assertEquals(notes.splice(0), ['error old messages cannot be deleted {"reason":"disk I/O error"}']);
    Object.assign(writer, { trim });
    upkeep.slice();
    assertEquals([upkeep.trimmed, writer.batches], [2, 0]);
    assertEquals(notes, ['debug old messages deleted {"messages":2}']);
  });
});

Deno.test("why a checkpoint fails is noted once, until it has succeeded or fails for another reason", () => {
  noted({}, (writer, upkeep, notes) => {
    commit(writer, "one", { count: 1, time: Date.now() });
    const reasons = ["full", "full", "read-only", undefined, "read-only"];
    Object.assign(writer, {
      checkpoint: () => {
        const reason = reasons.shift();
        return reason === undefined ? undefined : { kind: "failed", reason };
      },
    });
    for (let at = 0; at < 5; at++) upkeep.tick();
    const event = "error the write-ahead log cannot be moved into the database";
    assertEquals(
      notes,
      ["full", "read-only", "read-only"].map((reason) => `${event} {"reason":"${reason}"}`),
    );
    assertEquals(reasons, []);
  });
});

Deno.test("a tick moves what lies in the WAL, and leaves an empty one alone", () => {
  noted({}, (writer, upkeep) => {
    commit(writer, "one", { count: 1, time: Date.now() });
    assertEquals(writer.walUsed, true);
    upkeep.tick();
    assertEquals(writer.walUsed, false);
    Object.assign(writer, { checkpoint: fails });
    upkeep.tick();
  });
});
