/** Where a stream begins, and with what it ends. */
import { assertEquals } from "@std/assert";
import { SILENT_LOG } from "../../../lib/log.ts";
import { until } from "../../support/until.ts";
import { Events, type RunningHttp, startHttp } from "../../support/http.ts";

const PATH = `/api/topics/${encodeURIComponent("#t.>")}/stream`;

Deno.test("a stream goes on behind the event that is named, in its header or in its query", async () => {
  await using http = await startHttp();
  for (const text of ["1", "2", "3"]) await http.publish("#t.a", text);
  const ids: string[] = [];
  {
    await using events = await Events.open(`${http.url}${PATH}?from=earliest`);
    assertEquals((await events.next())?.event, "open");
    for (let at = 0; at < 3; at++) ids.push((await events.next())!.id!);
  }
  for (
    const [query, headers] of [[`?last_event_id=${encodeURIComponent(ids[0]!)}`, {}], ["", {
      "last-event-id": ids[0]!,
    }]] as const
  ) {
    await using events = await Events.open(`${http.url}${PATH}${query}`, headers);
    const open = await events.next();
    assertEquals([open?.event, open?.id, open?.data], ["open", undefined, { pattern: "#t.>" }]);
    const told: unknown[] = [];
    for (let at = 0; at < 3; at++) {
      const { event, data } = (await events.next())!;
      told.push(event === "message" ? data.payload : event);
    }
    assertEquals(told, ["2", "3", "live"]);
  }
  await using events = await Events.open(`${http.url}${PATH}?last_event_id=${encodeURIComponent(ids[2]!)}`);
  assertEquals([(await events.next())?.event, (await events.next())?.event], ["open", "live"]);
});

Deno.test("an event that is none is refused, and of topics in memory nothing is gone back to", async () => {
  await using http = await startHttp();
  const problem = await http.json(`${PATH}?last_event_id=x`, {}, 400);
  assertEquals([problem.code, problem.detail], [
    "BAD_REQUEST",
    'last_event_id= is the id of an event of this stream, not "x"',
  ]);
  assertEquals(http.broker.connections, 0);
  await using memory = await startHttp({ store: undefined });
  assertEquals((await memory.json(`${PATH}?from=1`, {}, 400)).code, "NOT_DURABLE");
  await until("the end of the connection of who was refused", () => memory.broker.connections === 0);
  await using events = await Events.open(`${memory.url}${PATH}?last_event_id=x&from=now`);
  const open = await events.next();
  assertEquals([open?.event, open?.id], ["open", undefined]);
});

Deno.test("a stream of durable topics that begins now has a place to go on from before its first message", async () => {
  await using http = await startHttp();
  const begun = Date.now();
  for (const query of ["", "?from=now"]) {
    await using events = await Events.open(`${http.url}${PATH}${query}`);
    const id = Number((await events.next())?.id);
    assertEquals(id >= begun && id <= Date.now(), true, `${id}`);
  }
});

Deno.test("each policy is taken, and the broker's where none is named", async () => {
  const policyOf = async (http: RunningHttp, query: string): Promise<unknown> => {
    await using events = await Events.open(`${http.url}${PATH}${query}`);
    await events.next();
    return (await http.json("/api/connections")).connections.at(-1).subscriptions[0].slow;
  };
  await using http = await startHttp();
  for (const slow of ["block", "drop-new", "drop-old", "disconnect"]) {
    assertEquals(await policyOf(http, `?slow=${slow}`), slow);
  }
  await using dropping = await startHttp({ slowConsumer: "drop-new" });
  for (const query of ["", "?slow=default"]) {
    assertEquals([await policyOf(http, query), await policyOf(dropping, query)], ["block", "drop-new"]);
  }
});

Deno.test("a defect ends a stream with a word that says no more, and is in the log", async () => {
  const logged: unknown[] = [];
  const log = { ...SILENT_LOG, error: (event: string, fields = {}) => void logged.push([event, fields]) };
  await using http = await startHttp({ store: undefined, http: { log } });
  await using events = await Events.open(`${http.url}/api/topics/m/stream`);
  assertEquals((await events.next())?.event, "open");
  const { stringify } = JSON;
  JSON.stringify = (value: unknown) => {
    if ((value as { readonly payload?: unknown } | null)?.payload !== undefined) throw new TypeError("a bug");
    return stringify(value);
  };
  try {
    await http.publish("#m", "x");
    const end = await events.next();
    assertEquals([end?.event, end?.data], ["end", {
      code: "INTERNAL",
      detail: "an error inside the broker ended this stream",
    }]);
  } finally {
    JSON.stringify = stringify;
  }
  assertEquals(logged, [["internal error", { error: "TypeError: a bug" }]]);
  assertEquals(await events.next(), undefined);
});

Deno.test("a stream that is opened again brings topics in memory, too, unless it began in what is stored", async () => {
  await using http = await startHttp({ durable: ["#t.d"] });
  let id = "";
  {
    await using events = await Events.open(`${http.url}${PATH}`);
    await events.next();
    await http.publish("#t.m", "memory");
    await http.publish("#t.d", "stored");
    for (const payload of ["memory", "stored"]) {
      const event = await events.next();
      assertEquals(event?.data.payload, payload);
      id = event?.id ?? id;
    }
  }
  const header = { "last-event-id": id };
  const open = async (url: string): Promise<Events> => {
    await until("that nobody is there", () => http.broker.connections === 0);
    const events = await Events.open(`${http.url}${url}`, header);
    assertEquals([(await events.next())?.event, (await events.next())?.event], ["open", "live"]);
    return events;
  };
  for (const url of [`${PATH}?from=earliest`, "/api/topics/%23t.d/stream"]) {
    await using _ = await open(url);
    assertEquals(http.broker.connections, 1, url);
  }
  await using events = await open(`${PATH}?from=now`);
  const expected: string[] = [];
  const told: string[] = [];
  for (let at = 0; at < 6; at++) {
    const topic = at % 2 === 0 ? "#t.m" : "#t.d";
    await http.publish(topic, `${at}`);
    expected.push(`${topic} ${at}`);
    const { data } = (await events.next())!;
    told.push(`${data.topic} ${data.payload}`);
  }
  assertEquals(told, expected);
});

Deno.test("a stream goes on behind an event whose topic is not ASCII, as a browser sends that", async () => {
  await using http = await startHttp();
  for (const text of ["1", "2", "3"]) await http.publish("#t.ä€", text);
  let id = "";
  {
    await using events = await Events.open(`${http.url}${PATH}?from=earliest`);
    for (let at = 0; at < 3; at++) id = (await events.next())!.id ?? id;
  }
  // each byte of its UTF-8 as a character
  const bytes = [...new TextEncoder().encode(id)].map((byte) => String.fromCharCode(byte)).join("");
  await using events = await Events.open(`${http.url}${PATH}`, { "last-event-id": bytes });
  assertEquals((await events.next())?.event, "open");
  assertEquals((await events.next())?.data.payload, "3");
});

Deno.test("streams count with all else that comes from their address (F26)", async () => {
  await using http = await startHttp({ connectionsPerAddress: 2 });
  await using first = await Events.open(`${http.url}${PATH}`);
  await using second = await Events.open(`${http.url}${PATH}`);
  assertEquals([(await first.next())?.event, (await second.next())?.event], ["open", "open"]);
  assertEquals((await http.ask(PATH)).status, 503);
  const { connections } = await http.json("/api/connections");
  for (const { address } of connections) assertEquals(/^127\.0\.0\.1:\d+$/.test(address), true, address);
});
