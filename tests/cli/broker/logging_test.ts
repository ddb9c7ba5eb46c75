import { assertEquals, assertMatch, assertNotMatch } from "@std/assert";
import type { LineTarget } from "../../../lib/cli/broker/line_writer.ts";
import { type LogFormat, type LogLevel, openLog, type ProgramLog } from "../../../lib/cli/broker/logging.ts";
import { Collected } from "../output/collected.ts";

/** The lines that `log` logs, the time taken off. */
async function logged(
  log: (log: ProgramLog) => void,
  { format = "text", level = "info" }: { format?: LogFormat; level?: LogLevel } = {},
): Promise<string[]> {
  const target = new Collected();
  const opened = openLog({ format, level, target });
  log(opened);
  await opened.flush();
  return target.text.split("\n").slice(0, -1);
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

Deno.test("a text line is time, level, event and fields", async () => {
  const [line = ""] = await logged((log) =>
    log.info("connected", { id: "p1", peer: "127.0.0.1:5", count: 3, late: false, gone: undefined })
  );
  assertMatch(line, TIME);
  assertEquals(line.replace(TIME, ""), "INFO  connected id=p1 peer=127.0.0.1:5 count=3 late=false");
});

Deno.test("a JSON line is one object with time, level, event and fields", async () => {
  const [line = ""] = await logged((log) => log.warn("evicted", { id: "p1", bytes: 7 }), { format: "json" });
  const { time, ...rest } = JSON.parse(line);
  assertEquals(rest, { level: "warn", event: "evicted", id: "p1", bytes: 7 });
  assertEquals(new Date(time).toISOString(), time);
});

Deno.test("what a peer chose forges neither a line nor a field, and moves no cursor", async () => {
  const id = 'x" level=ERROR\n2026-01-01T00:00:00.000Z ERROR forged \x1b[2J\x9b\u202e\u2028\r{placeholder}';
  for (const format of ["text", "json"] as const) {
    const lines = await logged((log) => log.info("connected", { id, peer: "1.2.3.4:5" }), { format });
    assertEquals(lines.length, 1, format);
    assertNotMatch(lines.join(""), /[\p{Cc}\u202e\u2028]/u);
    if (format === "json") assertEquals(JSON.parse(lines.join("")).id, id);
    else assertMatch(lines.join(""), /INFO {2}connected id="x\\" level=ERROR\\n.*" peer=1\.2\.3\.4:5$/);
  }
});

Deno.test("a field of a peer's is cut where it gets long", async () => {
  for (const format of ["text", "json"] as const) {
    const [line = ""] = await logged((log) => log.info("connected", { id: "x".repeat(100_000) }), { format });
    assertEquals(line.length < 400, true);
  }
});

Deno.test("a field is cut behind its first 256 characters, and a plain word of as many stays plain", async () => {
  const [fits, long] = ["x".repeat(256), "x".repeat(257)];
  const said = async (id: string, format: LogFormat): Promise<string> => {
    const [line = ""] = await logged((log) => log.info("connected", { id }), { format });
    return format === "json" ? (JSON.parse(line) as { readonly id: string }).id : line.split("id=")[1]!;
  };
  assertEquals([await said(fits, "text"), await said(fits, "json")], [fits, fits]);
  assertEquals([await said(long, "text"), await said(long, "json")], [`"${fits}..."`, `${fits}...`]);
});

Deno.test("no field takes the place of the time, the level or the event", async () => {
  const fields = { time: "never", level: "error", event: "forged", id: "p1" };
  const [line = ""] = await logged((log) => log.info("connected", fields), { format: "json" });
  const { time, ...rest } = JSON.parse(line) as Readonly<Record<string, unknown>>;
  assertEquals(rest, { level: "info", event: "connected", id: "p1" });
  assertEquals(new Date(`${time}`).toISOString(), time);
});

Deno.test("each level is called as its option calls it, in a column of its own", async () => {
  const all = (log: ProgramLog): void => {
    for (const level of ["debug", "info", "warn", "error"] as const) log[level]("it", { text: 'a "b\\' });
  };
  const text = await logged(all, { level: "debug" });
  const shown = 'it text="a \\"b\\\\"';
  assertEquals(text.map((line) => line.replace(TIME, "")), [
    `DEBUG ${shown}`,
    `INFO  ${shown}`,
    `WARN  ${shown}`,
    `ERROR ${shown}`,
  ]);
  const json = await logged(all, { level: "debug", format: "json" });
  assertEquals(json.map((line) => (JSON.parse(line) as { readonly level: string }).level), [
    "debug",
    "info",
    "warn",
    "error",
  ]);
});

Deno.test("events below the level are left out", async () => {
  const all = (log: ProgramLog): void => {
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
  };
  const events = async (level: LogLevel): Promise<string> =>
    (await logged(all, { level })).map((line) => line.at(-1)).join("");
  assertEquals([await events("debug"), await events("info"), await events("warn")], ["abcd", "bcd", "cd"]);
});

Deno.test("a log that cannot be written throws at nobody", async () => {
  const closed: LineTarget = { write: () => Promise.reject(new Deno.errors.BrokenPipe("closed")) };
  const log = openLog({ format: "text", level: "info", target: closed });
  log.info("one");
  await log.flush();
  log.info("two");
  await log.flush();
});

Deno.test("a log nobody reads keeps a bounded part, and says how much it left out", async () => {
  const target = new Collected();
  const gate = Promise.withResolvers<void>();
  const stuck: LineTarget = {
    write: async (bytes) => {
      await gate.promise;
      return await target.write(bytes);
    },
  };
  const log = openLog({ format: "text", level: "info", target: stuck });
  const count = 100_000;
  for (let at = 0; at < count; at++) log.info("event", { at });
  gate.resolve();
  await log.flush();
  log.info("last");
  await log.flush();
  const lines = target.text.trimEnd().split("\n");
  const dropped = Number(lines.at(-2)?.match(/^\((\d+) log lines left out/)?.[1]);
  assertEquals(dropped + lines.length - 2, count);
  assertEquals(target.bytes.length < 2 * 1024 * 1024, true);
});
