import { assertEquals, assertThrows } from "@std/assert";
import { checkComing, type Coming, isOurs } from "../../../lib/http/guard/hosts.ts";
import { Problem } from "../../../lib/http/problem.ts";
import { startHttp } from "../../support/http.ts";

Deno.test("a host is ours where it is an address we listen on, or a name that was given", () => {
  const loopback = { hostname: "127.0.0.1", names: ["Bus.Example"] };
  for (
    const host of [
      "127.0.0.1",
      "127.0.0.1:9080",
      "localhost:1",
      "[::1]:9080",
      "bus.example",
      "bus.example:80",
    ]
  ) {
    assertEquals(isOurs(host, loopback), true, host);
  }
  const foreign = [
    "evil.example",
    "localhost.evil.example",
    "10.0.0.1",
    "127.0.0.1.evil.example",
    "",
    ":80",
    "a b",
  ];
  for (const host of [...foreign, "127.0.0.1:80:80", "localhost@evil.example", "[::1", "bus.example."]) {
    assertEquals(isOurs(host, loopback), false, host);
  }
  const everywhere = { hostname: "0.0.0.0", names: [] };
  for (const host of ["10.0.0.1:9080", "[fe80::1]:9080", "localhost"]) {
    assertEquals(isOurs(host, everywhere), true, host);
  }
  assertEquals(isOurs("evil.example", everywhere), false, "a name can be pointed at this machine by anybody");
  const one = { hostname: "10.0.0.5", names: [] };
  assertEquals([isOurs("10.0.0.5:9080", one), isOurs("10.0.0.6", one), isOurs("localhost", one)], [
    true,
    false,
    false,
  ]);
});

Deno.test("a request is taken from our own pages, from programs, and for a page from a link", () => {
  const rules = { hostname: "127.0.0.1", names: [] };
  const program: Coming = {
    method: "POST",
    isPage: false,
    host: "127.0.0.1:9080",
    origin: null,
    site: null,
    mode: null,
  };
  const taken: Partial<Coming>[] = [
    {},
    { origin: "http://127.0.0.1:9080", site: "same-origin", mode: "cors" },
    { host: "LOCALHOST", origin: "http://localhost" },
    { host: "localhost:443", origin: "https://localhost" },
    { method: "GET", site: "none", mode: "navigate" },
    { method: "GET", isPage: true, site: "cross-site", mode: "navigate" },
  ];
  for (const how of taken) checkComing({ ...program, ...how }, rules);
  const refused: [number, Partial<Coming>][] = [
    [400, { host: null }],
    [403, { host: "evil.example:9080" }],
    [403, { origin: "http://evil.example" }],
    [403, { origin: "http://127.0.0.1:8000" }],
    [403, { origin: "null" }],
    [403, { origin: "http://127.0.0.1:9080@evil.example" }],
    [403, { site: "cross-site" }],
    [403, { site: "same-site" }],
    [403, { method: "GET", site: "cross-site", mode: "no-cors" }],
    [403, { method: "GET", site: "cross-site", mode: "navigate" }],
    [403, { method: "POST", isPage: true, site: "cross-site", mode: "navigate" }],
  ];
  for (const [status, how] of refused) {
    const problem = assertThrows(() => checkComing({ ...program, ...how }, rules), Problem);
    assertEquals(problem.status, status, JSON.stringify(how));
  }
});

Deno.test("what a foreign page sends does nothing, and no answer says that others may read it", async () => {
  await using http = await startHttp();
  const ask = async (lines: string): Promise<string> => {
    const said = await http.raw(
      `POST /api/topics/a/messages HTTP/1.1\r\nContent-Length: 1\r\nConnection: close\r\n${lines}\r\nx`,
    );
    return said.split("\r\n")[0]!.split(" ")[1]!;
  };
  const ours = `127.0.0.1:${http.port}`;
  assertEquals(await ask(`Host: ${ours}\r\nOrigin: http://evil.example\r\n`), "403");
  assertEquals(await ask(`Host: ${ours}\r\nSec-Fetch-Site: cross-site\r\n`), "403");
  assertEquals(await ask(`Host: rebound.example:${http.port}\r\n`), "403");
  assertEquals(await ask(""), "400");
  assertEquals((await http.json("/api/broker")).totals.published, 0);
  assertEquals(await ask(`Host: ${ours}\r\nOrigin: http://${ours}\r\n`), "201");
  const { headers } = await http.ask("/api/broker");
  assertEquals([...headers.keys()].filter((name) => name.startsWith("access-control")), []);
  assertEquals([headers.get("x-content-type-options"), headers.get("set-cookie")], ["nosniff", null]);
  assertEquals(
    headers.get("content-security-policy")!.startsWith("default-src 'none'; script-src 'self'"),
    true,
  );
});
