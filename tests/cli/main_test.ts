import { assertEquals, assertMatch } from "@std/assert";
import { report } from "../../lib/cli/main.ts";
import { OutputClosed } from "../../lib/cli/output/output.ts";
import { RefusedError, RunError, UsageError } from "../../lib/errors.ts";
import { standInEnvironment, StandInStream } from "./stand_in.ts";

/** What is said of an error, and the exit code. */
function said(error: unknown, variables: Readonly<Record<string, string>> = {}): readonly [number, string] {
  using _environment = standInEnvironment(variables);
  using stderr = new StandInStream("stderr");
  const code = report("publisher", error);
  return [code, stderr.text];
}

Deno.test("every failure is one line, and the exit code says whose it is", () => {
  assertEquals(said(new OutputClosed()), [0, ""]);
  assertEquals(said(new UsageError("-x is none")), [2, "publisher: -x is none\n"]);
  assertEquals(said(new UsageError("one\ntwo")), [2, "publisher: one\npublisher: two\n"]);
  assertEquals(said(new RunError("it\x1b failed")), [1, "publisher: it\\x1b failed\n"]);
  assertEquals(said(new RefusedError("DENIED", "not for you")), [1, "publisher: not for you\n"]);
});

Deno.test("what nobody expected says so, and where it was for who asks", () => {
  const line = "publisher: unexpected: TypeError: a bug (HASHBUS_DEBUG=1 shows where)\n";
  const bug = new TypeError("a\nbug");
  assertEquals(said(bug), [1, line]);
  assertEquals(said(bug, { HASHBUS_DEBUG: "" }), [1, line]);
  const [code, text] = said(bug, { HASHBUS_DEBUG: "1" });
  assertEquals([code, text.startsWith(line)], [1, true]);
  assertMatch(text.slice(line.length), /^TypeError: a\nbug\n +at /);
  assertEquals(said("odd")[1], "publisher: unexpected: odd (HASHBUS_DEBUG=1 shows where)\n");
});

Deno.test("on a terminal it is red, unless colours are not wanted", () => {
  const on = (variables: Readonly<Record<string, string>>): string => {
    using _environment = standInEnvironment(variables);
    using stderr = new StandInStream("stderr", { terminal: true });
    report("broker", new RunError("no"));
    return stderr.text;
  };
  assertEquals(on({}), "\x1b[31mbroker: no\x1b[0m\n");
  assertEquals(on({ NO_COLOR: "1" }), "broker: no\n");
});
