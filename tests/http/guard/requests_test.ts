/** Which hosts and raw forms are taken, each by itself. */
import { assertEquals, assertThrows } from "@std/assert";
import type { IncomingMessage } from "node:http";
import { readCredentials } from "../../../lib/http/guard/accounts.ts";
import { checkComing, type Coming, isOurs } from "../../../lib/http/guard/hosts.ts";
import { checkRaw } from "../../../lib/http/guard/raw_request.ts";
import { Problem } from "../../../lib/http/problem.ts";

Deno.test("an address of this machine is ours by its other names, too, and a name whatever its letters", () => {
  const ours: [host: string, hostname: string, names: readonly string[]][] = [
    ["localhost", "127.0.0.2", []],
    ["127.0.0.2", "127.0.0.2", []],
    ["[::1]", "localhost", []],
    ["localhost:80", "::1", []],
    ["[fe80::1]:80", "10.0.0.5", ["FE80::1"]],
    ["[fe80::1]", "10.0.0.5", ["[fe80::1]"]],
    ["[fd00::2]", "FD00::2", []],
    ["bus.example", "BUS.example", []],
    ["1.2.3.4", "::", []],
    ["255.255.255.255:65535", "0.0.0.0", []],
  ];
  for (const [host, hostname, names] of ours) assertEquals(isOurs(host, { hostname, names }), true, host);
  const foreign: [host: string, hostname: string][] = [
    ["localhost", "128.0.0.1"],
    ["localhost", "bus.example"],
    ["1234.1.1.1", "0.0.0.0"],
    ["1.1234.1.1", "0.0.0.0"],
    ["1.2.3", "0.0.0.0"],
    ["1.2.3.4.5", "0.0.0.0"],
    ["localhost:123456", "127.0.0.1"],
    ["[fe80::1]", "127.0.0.1"],
  ];
  for (const [host, hostname] of foreign) {
    assertEquals(isOurs(host, { hostname, names: [] }), host === hostname, `${host} at ${hostname}`);
  }
});

Deno.test("an origin is ours with its port or without the usual one, and a page may be gone to from anywhere", () => {
  const rules = { hostname: "127.0.0.1", names: [] };
  const coming: Coming = {
    method: "GET",
    isPage: true,
    host: "localhost",
    origin: null,
    site: null,
    mode: null,
  };
  const taken: Partial<Coming>[] = [
    { host: "localhost:80", origin: "http://localhost" },
    { host: "localhost", origin: "http://localhost:80" },
    { host: "localhost:443", origin: "https://localhost:443" },
    { method: "HEAD", site: "cross-site", mode: "navigate" },
    { method: "GET", site: "same-site", mode: "navigate" },
  ];
  for (const how of taken) checkComing({ ...coming, ...how }, rules);
  const refused: [status: number, how: Partial<Coming>][] = [
    [400, { host: "" }],
    [403, { host: "localhost:81", origin: "http://localhost" }],
    [403, { site: "cross-site", mode: "cors" }],
    [403, { site: "cross-site", mode: null }],
    [403, { method: "PUT", site: "cross-site", mode: "navigate" }],
  ];
  for (const [status, how] of refused) {
    const problem = assertThrows(() => checkComing({ ...coming, ...how }, rules), Problem);
    assertEquals([problem.status, problem.code], [status, status === 400 ? "BAD_REQUEST" : "FOREIGN"]);
  }
});

/** The status of a request of this form; 0: it is taken. */
function statusOf(url: string, headers: readonly (readonly [name: string, value: string])[] = []): number {
  const named = Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), value]));
  try {
    checkRaw({ url, rawHeaders: headers.flat(), headers: named } as unknown as IncomingMessage);
    return 0;
  } catch (error) {
    if (error instanceof Problem) return error.status;
    throw error;
  }
}

Deno.test("each header that says where a request ends, or whom it is for, is there once", () => {
  for (const name of ["Host", "Content-Length", "Authorization", "Origin", "content-type"]) {
    assertEquals(statusOf("/", [[name, "a"]]), 0, name);
    assertEquals(statusOf("/", [[name, "a"], [name.toUpperCase(), "a"]]), 400, name);
    // what has its name as a value is another header
    assertEquals(statusOf("/", [[name, "a"], ["x-what", name.toLowerCase()]]), 0, name);
  }
  assertEquals(statusOf("/", [["x", "a"], ["x", "b"]]), 0);
  assertEquals(statusOf("/", [["Transfer-Encoding", "Chunked"]]), 0);
  for (const coding of ["gzip", "gzip, chunked", "", "identity"]) {
    assertEquals(statusOf("/", [["Transfer-Encoding", coding]]), 400, coding);
  }
});

Deno.test("a path begins with a slash, is percent-encoded, and names what is below it", () => {
  const statuses: Readonly<Record<string, number>> = {
    "/": 0,
    "/a/b?c=//..%zz": 0,
    "/a/...": 0,
    "/a/%2e%2e%2e": 0,
    "/.well-known": 0,
    "/a%25": 0,
    "/a/": 0,
    "": 400,
    "a": 400,
    "*": 400,
    "/a b": 400,
    "/a#b": 400,
    "/a\\b": 400,
    "/\u00e9": 400,
    "/a\x7f": 400,
    "/%": 400,
    "/%a": 400,
    "/%g0": 400,
    "/%0g": 400,
    "//": 404,
    "//a": 404,
    "/a//b": 404,
    "/a/./b": 404,
    "/a/../b": 404,
    "/.": 404,
    "/a/..": 404,
    "/%2e": 404,
    "/a/%2E.": 404,
    "/a/.%2e/b": 404,
    "/a%00": 404,
  };
  for (const [url, status] of Object.entries(statuses)) {
    assertEquals(statusOf(url), status, JSON.stringify(url));
  }
});

Deno.test("a user of one letter is one", () => {
  assertEquals(readCredentials("Bearer a:b"), { user: "a", secret: "b" });
  assertEquals(readCredentials("Bearer a:"), { user: "a", secret: "" });
  assertEquals(readCredentials(`BASIC  ${btoa("a::b")}`), { user: "a", secret: ":b" });
});
