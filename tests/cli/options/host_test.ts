import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BROKER_HOST, HOST, splitHost, withPortOfHost } from "../../../lib/cli/options/host.ts";
import type { Given } from "../../../lib/cli/options/table.ts";
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { readArguments } from "../../../lib/cli/options/arguments.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { UsageError } from "../../../lib/errors.ts";

Deno.test("a host is a name or an address, with brackets and a port where one likes", () => {
  for (
    const [text, host, port] of [
      ["localhost", "localhost", undefined],
      ["10.0.0.5", "10.0.0.5", undefined],
      ["::1", "::1", undefined],
      ["[::1]", "::1", undefined],
      ["fe80::1%eth0", "fe80::1%eth0", undefined],
      ["2001:0:9::1", "2001:0:9::1", undefined],
      ["0:0:0:0:0:0:0:1", "0:0:0:0:0:0:0:1", undefined],
      ["9:9:90::", "9:9:90::", undefined],
      ["::FFFF:10.0.0.5", "::FFFF:10.0.0.5", undefined],
      ["[0:0::1]", "0:0::1", undefined],
      ["[a0:0::10]:9000", "a0:0::10", "9000"],
      ["[fe80::1%eth0]:9000", "fe80::1%eth0", "9000"],
      ["localhost:9000", "localhost", "9000"],
      ["[::1]:9000", "::1", "9000"],
      ["localhost:", "localhost", ""],
    ] as const
  ) assertEquals(splitHost(text), { value: { host, port } }, text);
});

Deno.test("what is no host is none", () => {
  for (const text of ["", ":9000", "[::1", "[]", "[localhost]", "a b", "[::1]x", "a\x1b"]) {
    assertEquals("expected" in splitHost(text), true, text);
  }
  for (const text of ["hashbus://a:1", "http://a"]) assertEquals("problem" in splitHost(text), true, text);
  assertEquals(HOST.read("a:1"), {
    problem: '"a:1" has a port in it: say that with pub-port and sub-port',
  });
});

function given(host: string, port?: string): Map<string, Given> {
  const flag = (source: string, text: string): Given => ({ source, from: `flag ${source}`, texts: [text] });
  const map = new Map([["host", flag("-h", host)]]);
  return port === undefined ? map : map.set("port", flag("-p", port));
}

Deno.test("a port behind the host is the port, and another one beside it is refused", () => {
  const split = withPortOfHost(given("[::1]:9001"));
  assertEquals([split.get("host")?.texts, split.get("port")?.texts], [["::1"], ["9001"]]);
  assertEquals(withPortOfHost(given("a:9001", "9001")).get("port")?.texts, ["9001"]);
  assertEquals(withPortOfHost(given("a", "1")).get("port")?.texts, ["1"]);
  const { message } = assertThrows(() => withPortOfHost(given("a:9001", "9002")), UsageError);
  assertMatch(message, /^-h says port "9001" and -p says "9002": take one$/);
});

Deno.test("a host that is wrong says what one is, a URL what to do with it", () => {
  const expected = "a host name or address, such as localhost, 10.0.0.5 or ::1";
  assertEquals([splitHost("a b"), splitHost(""), HOST.read("a b")], [
    { expected },
    { expected },
    { expected },
  ]);
  assertEquals(splitHost("http://a"), {
    problem: 'a host is no URL, "http://a" is: put it into HASHBUS_URL, or take host:port of it',
  });
  assertEquals([HOST.read("::1"), HOST.read("a.example")], [{ value: "::1" }, { value: "a.example" }]);
});

Deno.test("the port behind a host is given as the host is, the last host that was given counts, and all else stays", () => {
  const more = new Map(given("a:9001")).set("id", { source: "-i", from: "flag -i", texts: ["x"] });
  more.set("host", { source: "-h", from: "flag -h", texts: ["b:1", "a:9001"] });
  assertEquals([...withPortOfHost(more)], [
    ["host", { source: "-h", from: "flag -h", texts: ["a"] }],
    ["id", { source: "-i", from: "flag -i", texts: ["x"] }],
    ["port", { source: "-h", from: "flag -h", texts: ["9001"] }],
  ]);
  for (const same of [given("a"), given("a b:1"), new Map<string, Given>()]) {
    assertEquals(withPortOfHost(same), same);
  }
  assertEquals(withPortOfHost(given("a:09001", "9001")).get("port")?.texts, ["09001"], "it is the same");
});

Deno.test("a host of a broker's own is one alone, and what else is there has its option", () => {
  const ports = "take the host alone, ports are -s, -p and --http";
  assertEquals(BROKER_HOST.read("[::1]"), { value: "::1" });
  assertEquals(BROKER_HOST.read("http://a"), { problem: `"http://a" is a URL: ${ports}` });
  assertEquals(BROKER_HOST.read("a:80"), { problem: `"a:80" has a port in it: ${ports}` });
  assertEquals(BROKER_HOST.read("a b"), HOST.read("a b"));
  const refused = (...words: string[]): string => {
    const line = readArguments(BROKER, words);
    if ("print" in line) throw new TypeError("asked to print");
    return assertThrows(() => readValues(BROKER, [line.given]), UsageError).message;
  };
  assertEquals(refused("-H", "a:80"), `-H: "a:80" has a port in it: ${ports}`);
  assertEquals(refused("--http-host", "http://a"), `--http-host: "http://a" is a URL: ${ports}`);
});
