import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectPublisher, connectSubscriber } from "../../lib/mod.ts";
import { TestGatekeeper } from "../support/gates.ts";
import { Events, type Json, startHttp } from "../support/http.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/until.ts";
import { upgrade } from "../support/v2.ts";

const NDJSON = { "content-type": "application/x-ndjson" };

Deno.test("a POST publishes its body with what its headers say, and is answered when it is acknowledged", async () => {
  await using http = await startHttp();
  await using subscriber = await connectSubscriber({ id: "s1", port: http.portOf("subscribers") });
  await subscriber.subscribe("#a");
  const { status, headers, text } = await http.ask("/api/topics/%23a/messages", {
    method: "POST",
    body: new Uint8Array([0xff, 0x0a, 0x00]),
    headers: {
      "Hashbus-Key": "sch%C3%B6n",
      "Hashbus-Ttl": "60",
      "Hashbus-Id": "o-1",
      "Hashbus-Reply": "#answers",
      "Hashbus-Header-Trace-Id": "a%20b",
    },
  });
  assertEquals([status, JSON.parse(text)], [201, { topic: "#a", seq: 1, subscribers: 1 }]);
  const { value: message } = await subscriber[Symbol.asyncIterator]().next();
  assertEquals([...message!.payload], [0xff, 0x0a, 0x00]);
  assertEquals([message!.key, message!.ttl, message!.id, message!.reply], ["schön", 60, "o-1", "#answers"]);
  assertEquals([...message!.headers], [["trace-id", "a b"]]);
  const { messages } = await http.json(headers.get("location")!);
  assertEquals(messages.map(({ id, payload_base64 }: Json) => [id, payload_base64]), [["o-1", "/woA"]]);
  assertEquals(
    await http.publish("#a", "again", { "hashbus-id": "o-1" }),
    { topic: "#a" },
    "it is stored once",
  );
});

Deno.test("a POST is refused as a publish is, and with what is wrong about its headers", async () => {
  await using http = await startHttp({ limits: { payload: 1024 } });
  const ask = async (path: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Json[]> => {
    const answer = await http.ask(path, { method: "POST", body, headers });
    return [answer.status, JSON.parse(answer.text).code];
  };
  assertEquals(await ask("/api/topics/%23a.*/messages", "x"), [400, "BAD_TOPIC"]);
  assertEquals(await ask("/api/topics/%23a/messages", "x".repeat(1025)), [413, "PAYLOAD_TOO_LARGE"]);
  const endless = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(1000)) });
  const chunked = await ask("/api/topics/%23a/messages", endless).catch(() => "cut off");
  assert(chunked === "cut off" || chunked[0] === 413, String(chunked));
  assertEquals(await ask("/api/topics/%23a/messages", "x", { "hashbus-ttl": "-1" }), [400, "BAD_FIELD"]);
  assertEquals(await ask("/api/topics/%23a/messages", "x", { "hashbus-key": "%zz" }), [400, "BAD_FIELD"]);
  assertEquals(await ask("/api/topics/%23a/messages", "x", { "hashbus-what": "1" }), [400, "BAD_FIELD"]);
  assertEquals((await http.json("/api/broker")).totals.published, 0);
});

Deno.test("pages of several topics bring what one page does, wherever that begins", async () => {
  await using http = await startHttp();
  for (const [topic, payload] of ["a1", "b1", "b2", "b3", "a2", "a3", "a4", "c1", "c2"]) {
    await http.publish(`#t.${topic}`, `${topic}${payload}`);
  }
  const path = `/api/topics/${encodeURIComponent("#t.>")}`;
  const payloads = ({ messages }: Json): string[] => messages.map(({ payload }: Json) => payload);
  for (const from of ["-10", "-2", "latest", "2", "3", "earliest"]) {
    const whole = payloads(await http.json(`${path}/messages?from=${from}`));
    for (const limit of [1, 2, 3]) {
      const paged: string[] = [];
      let next: string | null = `${path}/messages?from=${from}&limit=${limit}`;
      while (next !== null) {
        const page: Json = await http.json(next);
        paged.push(...payloads(page));
        next = page.next;
      }
      assertEquals(paged, whole, `${from} in pages of ${limit}`);
    }
    await using events = await Events.open(`${http.url}${path}/stream?from=${from}`);
    await events.next();
    const { id } = (await events.next())!;
    await using again = await Events.open(`${http.url}${path}/stream?from=${from}`, { "last-event-id": id! });
    await again.next();
    const rest: string[] = [];
    for (let event = await again.next(); event?.event === "message"; event = await again.next()) {
      rest.push(event.data.payload);
    }
    assertEquals(rest, whole.slice(1), `a stream from ${from} on`);
  }
});

Deno.test("a topic may have in its name what looks percent-encoded, and what is no UTF-8 is told", async () => {
  await using http = await startHttp();
  for (const topic of ["#a%ab", "#a%41", "#100%", "#a/b", "#ä%C3"]) {
    assertEquals(await http.publish(topic, "x"), { topic, seq: 1, subscribers: 0 });
    const path = `/api/topics/${encodeURIComponent(topic)}`;
    assertEquals((await http.json(path)).topic, topic);
    assertEquals((await http.json(`${path}/messages`)).messages.length, 1, topic);
  }
  for (const path of ["%ab", "a%C3", "%ED%A0%80"]) {
    assertEquals((await http.json(`/api/topics/${path}/messages`, {}, 400)).code, "BAD_UTF8", path);
  }
});

Deno.test("NDJSON publishes each line, in order, whatever its chunks are", async () => {
  await using http = await startHttp();
  const text = '{"a":1}\r\n\n{"b":"ü"}\nlast';
  const bytes = new TextEncoder().encode(text);
  const split = new ReadableStream<Uint8Array>({
    async start(to): Promise<void> {
      for (const byte of bytes) {
        to.enqueue(new Uint8Array([byte]));
        await Promise.resolve();
      }
      to.close();
    },
  });
  assertEquals(await http.publish("#lines", split, NDJSON), { topic: "#lines", messages: 3, last: 3 });
  const { messages } = await http.json("/api/topics/lines/messages");
  assertEquals(messages.map(({ payload }: Json) => payload), ['{"a":1}', '{"b":"ü"}', "last"]);
});

Deno.test("NDJSON with an id is refused, for it would be that of each line", async () => {
  await using http = await startHttp();
  const init = { method: "POST", body: "one\ntwo\n", headers: { ...NDJSON, "hashbus-id": "o-1" } };
  assertEquals((await http.json("/api/topics/lines/messages", init, 400)).code, "BAD_FIELD");
  assertEquals((await http.json("/api/broker")).totals.published, 0);
});

Deno.test("NDJSON tells how many were acknowledged before a line that is refused", async () => {
  await using http = await startHttp({ limits: { payload: 1024 } });
  const body = `one\ntwo\n${"x".repeat(2000)}\nfour\n`;
  const problem = await http.json(
    "/api/topics/lines/messages",
    { method: "POST", body, headers: NDJSON },
    413,
  );
  assertEquals([problem.code, problem.messages], ["PAYLOAD_TOO_LARGE", 2]);
  const { messages } = await http.json("/api/topics/lines/messages");
  assertEquals(messages.length, 2);
});

Deno.test("NDJSON is read no faster than the slowest subscriber takes it", async () => {
  await using http = await startHttp({
    store: undefined,
    stallTimeout: 60_000,
    http: { patience: { idle: 2_000 } },
  });
  using slow = await upgrade(await RawClient.connect(http.portOf("subscribers")));
  await slow.ask("sub #a");
  const line = `${"x".repeat(64 * 1024)}\n`;
  const all = 600;
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(to): void {
      if (sent++ === all) to.close();
      else to.enqueue(new TextEncoder().encode(line));
    },
  }, { highWaterMark: 0 });
  const publishing = http.publish("#a", body, NDJSON);
  await new Promise((resolve) => setTimeout(resolve, 3_500));
  const held = sent;
  assert(held < all, `${held} of ${all} lines were taken although nobody reads`);
  const { connections } = await http.json("/api/connections?sort=queued");
  assertEquals([connections[0].slow, connections.some(({ waits }: Json) => waits)], [true, true]);
  const buffer = new Uint8Array(1024 * 1024);
  let got = 0;
  while (got < all * line.length) got += await slow.transport.read(buffer) ?? 0;
  assertEquals(await publishing, { topic: "#a", messages: all });
});

Deno.test("stored messages come in pages, over several topics, each once", async () => {
  await using http = await startHttp();
  const expected: string[] = [];
  for (let at = 0; at < 7; at++) {
    await http.publish(`#t.${at % 3}`, `${at}`);
    expected.push(`${at}`);
  }
  const got: string[] = [];
  for (let path: string | null = "/api/topics/%23t.*/messages?limit=2"; path !== null;) {
    const page = await http.json(path);
    got.push(...page.messages.map(({ payload }: Json) => payload));
    path = page.next;
  }
  assertEquals(got, expected);
  const one = await http.json("/api/topics/t.0/messages?limit=2");
  assertEquals(one.messages.map(({ seq, payload }: Json) => [seq, payload]), [[1, "0"], [2, "3"]]);
  const rest = await http.json(one.next);
  assertEquals([rest.messages.map(({ payload }: Json) => payload), rest.next], [["6"], null]);
  const last = await http.json("/api/topics/%23t.%3E/messages?from=latest");
  assertEquals(last.messages.map(({ payload }: Json) => payload).sort(), ["4", "5", "6"]);
  const span = await http.json("/api/topics/t.0/messages?from=2&to=2");
  assertEquals(span.messages.map(({ payload }: Json) => payload), ["3"]);
  assertEquals(await http.json("/api/topics/nothing/messages"), { messages: [], next: null });
});

Deno.test("a stream brings each message as an event with its place, live and from what is stored", async () => {
  await using http = await startHttp();
  await http.publish("#a", "before");
  await using events = await Events.open(`${http.url}/api/topics/%23a/stream?from=earliest`);
  assertEquals((await events.next())?.event, "open");
  const stored = await events.next();
  assertEquals([stored?.event, stored?.data.payload, stored?.data.seq], ["message", "before", 1]);
  assertMatch(stored!.id!, /^\d+ 1 #a$/);
  assertEquals((await events.next())?.event, "live");
  await http.publish("#a", "line\nbreak\r\n\u2028</script>");
  assertEquals((await events.next())?.data.payload, "line\nbreak\r\n\u2028</script>");
});

Deno.test("a stream that is opened again goes on behind the last event, without a gap or a repeat", async () => {
  await using http = await startHttp();
  const url = `${http.url}/api/topics/${encodeURIComponent("#t.>")}/stream`;
  let id: string | undefined;
  const got: string[] = [];
  const read = async (count: number): Promise<void> => {
    await using events = await Events.open(url, id === undefined ? {} : { "last-event-id": id });
    for (let messages = 0; messages < count;) {
      const event = await events.next();
      id = event?.id ?? id;
      if (event?.event !== "message") continue;
      got.push(event.data.payload);
      messages++;
    }
  };
  const publish = (from: number, to: number): Promise<unknown> =>
    http.publish("#t.a", Array.from({ length: to - from }, (_, at) => `${from + at}\n`).join(""), NDJSON);
  // one that was cut off before its first message goes on from where it began
  await read(0).then(async () => {
    await using events = await Events.open(url);
    id = (await events.next())?.id;
  });
  await publish(0, 20);
  await read(7);
  await http.publish("#t.b", "20");
  await read(5);
  await read(9);
  assertEquals(got, Array.from({ length: 21 }, (_, at) => `${at}`));
});

Deno.test("a stream of a topic in memory has no places and brings what comes live", async () => {
  await using http = await startHttp({ store: undefined });
  await using events = await Events.open(`${http.url}/api/topics/m/stream`, { "last-event-id": "1 2 #m" });
  const open = await events.next();
  assertEquals([open?.event, open?.id, open?.data], ["open", undefined, { pattern: "#m" }]);
  await http.publish("#m", "x");
  const message = await events.next();
  assertEquals([message?.id, message?.data], [undefined, { topic: "#m", payload: "x" }]);
});

Deno.test("a stream that cannot keep up tells what was left out, and its subscription ends with it", async () => {
  await using http = await startHttp({ store: undefined, limits: { outbox: 256 * 1024 } });
  {
    await using events = await Events.open(`${http.url}/api/topics/m/stream?slow=drop-old`);
    assertEquals((await events.next())?.event, "open");
    await using publisher = await connectPublisher({ id: "p1", port: http.portOf("publishers") });
    const all = 1_500;
    for (let at = 0; at < all; at++) await publisher.publish("#m", `${at} ${"x".repeat(32_000)}`);
    let messages = 0;
    let missed = 0;
    while (messages + missed < all) {
      const event = await events.next();
      if (event?.event === "gap") missed += event.data.missed;
      else messages++;
    }
    assert(missed > 0, "nothing was left out");
    assertEquals(messages + missed, all);
  }
  await until("the end of the subscription", () => http.broker.snapshot().subscriptions === 0);
});

Deno.test("a stream is told that the broker stops", async () => {
  await using http = await startHttp({ store: undefined });
  await using events = await Events.open(`${http.url}/api/topics/m/stream`);
  await events.next();
  void http.broker.drain(1_000);
  const end = await events.next();
  assertEquals([end?.event, typeof end?.data.detail], ["end", "string"]);
  assertEquals(await events.next(), undefined);
});

Deno.test("a stream whose account loses its right, or is gone, is told so and ends", async () => {
  const gatekeeper = new TestGatekeeper([{ name: "alice", secret: "s", pattern: "#>" }]);
  await using http = await startHttp({ gatekeeper });
  const headers = { authorization: "Bearer alice:s" };
  await using one = await Events.open(`${http.url}/api/topics/a/stream`, headers);
  await one.next();
  gatekeeper.set({ name: "alice", secret: "s", pattern: "#other.>" });
  http.broker.permissionsChanged();
  const denied = await one.next();
  assertEquals([denied?.event, denied?.data.code], ["end", "DENIED"]);
  assertEquals(await one.next(), undefined);
  await using other = await Events.open(`${http.url}/api/topics/other.b/stream`, headers);
  await other.next();
  gatekeeper.accounts.clear();
  http.broker.permissionsChanged();
  const gone = await other.next();
  assertEquals([gone?.event, gone?.data.code], ["end", "DENIED"]);
});

Deno.test("a hundred streams of one topic get each of its messages, in order", async () => {
  await using http = await startHttp({ store: undefined });
  const streams = await Promise.all(
    Array.from({ length: 100 }, () => Events.open(`${http.url}/api/topics/a/stream`)),
  );
  for (const stream of streams) assertEquals((await stream.next())?.event, "open");
  const all = Array.from({ length: 50 }, (_, at) => `${at}`);
  await http.publish("#a", all.join("\n"), NDJSON);
  for (const stream of streams) {
    const got: string[] = [];
    while (got.length < all.length) got.push((await stream.next())!.data.payload);
    assertEquals(got, all);
    await stream[Symbol.asyncDispose]();
  }
});

Deno.test("what answers hold is let go of when they have been taken", async () => {
  await using http = await startHttp();
  for (let at = 0; at < 4; at++) await http.publish("#large", "x".repeat(2_000_000));
  for (let at = 0; at < 10; at++) {
    const { messages } = await http.json("/api/topics/large/messages");
    assertEquals(messages.length, 4);
  }
});
