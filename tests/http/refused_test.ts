import { assertEquals } from "@std/assert";
import { RefusedError, RunError } from "../../lib/errors.ts";
import { Problem, problemJson, problemResponse, titleOf } from "../../lib/http/problem.ts";
import { problemOf } from "../../lib/http/refused.ts";

/** Status, code and sentence. */
function told(error: unknown): readonly unknown[] | undefined {
  const problem = problemOf(error);
  return problem === undefined ? undefined : [problem.status, problem.code, problem.message];
}

Deno.test("what the broker refuses has the status that HTTP has for it", () => {
  const status = (code: RefusedError["code"]): number | undefined =>
    problemOf(new RefusedError(code, "no"))?.status;
  const statuses: Readonly<Record<string, number>> = {
    DENIED: 403,
    PAYLOAD_TOO_LARGE: 413,
    LINE_TOO_LONG: 413,
    STORE: 503,
    TOO_MANY_TOPICS: 507,
    BUSY: 503,
    UNAVAILABLE: 503,
    TOO_MANY_CONNECTIONS: 503,
    BAD_TOPIC: 400,
  };
  for (const [code, expected] of Object.entries(statuses)) {
    assertEquals(status(code as RefusedError["code"]), expected, code);
  }
  assertEquals(told(new RefusedError("BAD_TOPIC", "it is none")), [400, "BAD_TOPIC", "it is none"]);
});

Deno.test("what ends a connection to the broker is told as what it is to who asks", () => {
  assertEquals(told(new RunError("not for you", "DENIED")), [403, "DENIED", "not for you"]);
  assertEquals(told(new RunError("the disk is gone")), [503, "STORE", "the disk is gone"]);
  const busy = problemOf(new RunError("it was slow", "TIMEOUT"), { headers: { a: "1" }, members: { m: 2 } })!;
  assertEquals([busy.status, busy.code, busy.message], [
    503,
    "BUSY",
    "the broker ended this connection: it was slow",
  ]);
  assertEquals(busy.extras, { headers: { a: "1", "retry-after": "1" }, members: { m: 2 } });
  const left = Object.assign(new Error("reset"), { code: "ECONNRESET" });
  assertEquals(told(left), [400, "BAD_REQUEST", "the body ended before it was whole"]);
  assertEquals([told(new TypeError("a bug")), told("odd")], [undefined, undefined], "these are ours");
});

Deno.test("a problem keeps what it says, and what else is to be said with it", () => {
  const own = new Problem(413, "PAYLOAD_TOO_LARGE", "long", {
    headers: { a: "1", b: "2" },
    members: { x: 1 },
  });
  assertEquals(`${own}`, "Problem: long", "as a log has it");
  const more = problemOf(own, { headers: { b: "3" }, members: { y: 2 } })!;
  assertEquals([more.status, more.message, more.extras], [413, "long", {
    headers: { a: "1", b: "3" },
    members: { x: 1, y: 2 },
  }]);
  assertEquals(JSON.parse(problemJson(more)), {
    title: "Content Too Large",
    status: 413,
    code: "PAYLOAD_TOO_LARGE",
    detail: "long",
    x: 1,
    y: 2,
  });
  const answer = problemResponse(more);
  assertEquals([answer.status, answer.headers.get("content-type"), answer.headers.get("b")], [
    413,
    "application/problem+json",
    "3",
  ]);
  assertEquals([titleOf(507), titleOf(999)], ["Insufficient Storage", "Error"]);
});
