/** Requests that are sent in a row. */
import { assertEquals } from "@std/assert";
import type { ServerResponse } from "node:http";
import { PIPELINED_MOST } from "../../lib/http/limits.ts";
import { oneByOne } from "../../lib/http/pipelining.ts";
import { openPort } from "../../lib/http/port.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { startHttp } from "../support/http.ts";
import { until } from "../support/until.ts";
import { within } from "../support/within.ts";

/** A port that answers when the test does, and a connection to it. */
async function begin(): Promise<
  AsyncDisposable & {
    readonly answers: (readonly [url: string, response: ServerResponse])[];
    ask(from: number, count: number): Promise<void>;
    /** What comes until it ends with this; undefined: until the connection ends. */
    comes(end?: string): Promise<string>;
  }
> {
  const answers: (readonly [string, ServerResponse])[] = [];
  const port = await openPort(oneByOne(({ url = "" }, response) => void answers.push([url, response])), {
    hostname: "127.0.0.1",
    port: 0,
    most: 10,
    waits: () => true,
    log: SILENT_LOG,
  });
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: port.address.port });
  return {
    answers,
    ask: async (from, count) => {
      const asked = Array.from({ length: count }, (_, at) => `GET /${from + at} HTTP/1.1\r\nHost: x\r\n\r\n`);
      await connection.write(new TextEncoder().encode(asked.join("")));
    },
    comes: async (end) => {
      let text = "";
      const buffer = new Uint8Array(65_536);
      while (end === undefined || !text.endsWith(end)) {
        const read = await within(`${end} behind ${text}`, connection.read(buffer).catch(() => null));
        if (read === null) break;
        text += new TextDecoder().decode(buffer.subarray(0, read));
      }
      return text;
    },
    [Symbol.asyncDispose]: () => {
      connection.close();
      return port.close();
    },
  };
}

Deno.test("of requests in a row one is answered at a time, in their order", async () => {
  await using row = await begin();
  const all = PIPELINED_MOST + 1;
  await row.ask(0, all);
  for (let at = 0; at < all; at++) {
    await until(`request ${at}`, () => row.answers.length > at);
    assertEquals(row.answers.map(([url]) => url).slice(at), [`/${at}`]);
    row.answers[at]![1].end(`answer ${at}.`);
    await row.comes(`answer ${at}.`);
  }
  await row.ask(all, 1);
  await until("the next request", () => row.answers.length > all);
});

Deno.test("who sends more in a row is cut off, and nothing of it is begun", async () => {
  await using row = await begin();
  await row.ask(0, 1000);
  assertEquals(await row.comes(), "");
  assertEquals(row.answers.map(([url]) => url), ["/0"]);
});

Deno.test("what comes behind an answer that ends the connection is not done", async () => {
  await using http = await startHttp();
  const post = "POST /api/topics/a/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\nx";
  const said = await http.raw(`${post}GET //a HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n${post}`);
  assertEquals(said.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 201", "HTTP/1.1 404"]);
  assertEquals((await http.json("/api/broker")).totals.published, 1);
});

Deno.test("a flood of requests in a row is cut off, and keeps nobody from an answer", async () => {
  await using http = await startHttp();
  const said = await http.raw("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".repeat(2000));
  const answers = said.match(/HTTP\/1\.1 200/g)?.length ?? 0;
  assertEquals(answers < 2000, true, `${answers} answers`);
  assertEquals((await http.ask("/healthz")).status, 200);
});
