import { assert, assertEquals } from "@std/assert";
import { startHttp } from "../../support/http.ts";

/** What must not become a second request. */
const SECOND = "DELETE /api/connections/1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
const HEAD = "POST /api/topics/a/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n";
const CHUNKED = `${HEAD}Transfer-Encoding: chunked\r\n\r\n`;

/** What two programs could read in two ways, or what is no request at all; and what is answered. */
const HOSTILE: Readonly<Record<string, readonly [text: string, statuses: readonly number[]]>> = {
  "Content-Length and chunked": [
    `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SECOND}`,
    [400],
  ],
  "two lengths": [`${HEAD}Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde${SECOND}`, [400]],
  "the same length twice": [`${HEAD}Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde${SECOND}`, [400]],
  "a length with a sign": [`${HEAD}Content-Length: +5\r\n\r\nabcde${SECOND}`, [400]],
  "a length in two parts": [`${HEAD}Content-Length: 5, 5\r\n\r\nabcde${SECOND}`, [400]],
  "a space before the colon": [`${HEAD}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SECOND}`, [400]],
  "another coding": [`${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${SECOND}`, [400]],
  "a coding behind chunked": [`${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${SECOND}`, [400]],
  "a folded header": [`${HEAD}X: a\r\n b\r\n\r\n`, [400]],
  "bare LF": ["GET /healthz HTTP/1.1\nHost: 127.0.0.1\n\n", [400]],
  "bare CR": ["GET /healthz HTTP/1.1\rHost: 127.0.0.1\r\r", [400]],
  "a chunk length that is none": [`${CHUNKED}0x1\r\na\r\n0\r\n\r\n${SECOND}`, [400]],
  "a chunk that is longer than it says": [`${CHUNKED}1\r\nabc\r\n0\r\n\r\n${SECOND}`, [400]],
  "LF within a chunk's extension": [`${CHUNKED}1;a\nb\r\na\r\n0\r\n\r\n${SECOND}`, [400]],
  "two hosts": ["GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", [400]],
  "no host": ["GET /healthz HTTP/1.1\r\n\r\n", [400]],
  "an absolute URI": ["GET http://evil.example/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [400]],
  "TRACE": ["TRACE /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", [405]],
  "CONNECT": ["CONNECT evil.example:80 HTTP/1.1\r\nHost: evil.example:80\r\n\r\n", []],
  "the HTTP/2 preface": ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400]],
  "HTTP/0.9": ["GET /healthz\r\n\r\n", [400]],
  "no HTTP": ["p1 pub #hello hi\n", [400]],
  "TLS": ["\x16\x03\x01\x02\x00\x01\x00\x01", [400]],
  "a header of 1 MiB": [`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${"x".repeat(1 << 20)}\r\n\r\n`, [
    431,
  ]],
  "many headers": [`GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n${"X: y\r\n".repeat(10_000)}\r\n`, [431]],
  "a path of 1 MiB": [`GET /${"x".repeat(1 << 20)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`, [431]],
  "dots": ["GET /api/../healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [404]],
  "encoded dots": ["GET /api/%2e%2E/healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [404]],
  "an encoded NUL": ["GET /healthz%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [404]],
  "a file": ["GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [404]],
  "a backslash": ["GET /..\\healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [400]],
  "two slashes": ["GET //healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [404]],
  "a broken escape": ["GET /api/topics/%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", [400]],
};

Deno.test("what can be read in two ways, or is no request, is refused, and never becomes two", async () => {
  await using http = await startHttp({ http: { patience: { header: 300, idle: 300 } } });
  const results = await Promise.all(
    Object.entries(HOSTILE).map(async ([what, [text, expected]]) => {
      const said = await http.raw(text);
      const statuses = [...said.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
      return { what, statuses, expected, said };
    }),
  );
  for (const { what, statuses, expected, said } of results) {
    // what is refused while it is still being sent may be reset before the answer is read
    if (statuses.length === 0 && expected[0] === 431) continue;
    assert(statuses.length <= 2 && !statuses.includes(204), `${what}: ${said}`);
    assertEquals(statuses.slice(0, 1), expected.slice(0, 1), `${what}: ${said}`);
    assert(statuses.slice(1).every((status) => status === 400), `${what}: ${said}`);
  }
  assertEquals((await http.json("/api/broker")).totals.published, 0, "nothing of it was published");
});

Deno.test("who does not finish a header, brings nothing of a body, or asks for nothing is let go", async () => {
  await using http = await startHttp({ http: { patience: { header: 300, idle: 300 } } });
  const begun = performance.now();
  const [silent, half, body] = await Promise.all([
    http.raw(""),
    http.raw("GET /healthz HTTP/1.1\r\nHost: 127"),
    http.raw(`${HEAD}Content-Length: 10\r\n\r\nabc`),
  ]);
  assert(performance.now() - begun < 15_000);
  for (const said of [silent, half]) assert(said === "" || said.startsWith("HTTP/1.1 408"), said);
  assert(!body.includes("201"), body);
  assertEquals(await http.json("/healthz"), { live: true });
  assertEquals((await http.json("/api/broker")).totals.published, 0);
});

Deno.test("beyond so many connections who comes is closed, and those that are there go on", async () => {
  await using http = await startHttp({ http: { most: 2 } });
  const held = await Promise.all([1, 2].map(() => Deno.connect({ hostname: "127.0.0.1", port: http.port })));
  const request = "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
  // they are counted once they have been accepted
  while ((await http.raw(request)) !== "") await new Promise((resolve) => setTimeout(resolve, 10));
  await held[0]!.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(1024);
  assert(
    new TextDecoder().decode(buffer.subarray(0, await held[0]!.read(buffer) ?? 0)).startsWith("HTTP/1.1 200"),
  );
  for (const connection of held) connection.close();
  while ((await http.raw(request)) === "") await new Promise((resolve) => setTimeout(resolve, 10));
});
