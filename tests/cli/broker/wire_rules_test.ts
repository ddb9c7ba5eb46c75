import { assertEquals, assertMatch } from "@std/assert";
import { wireProblem } from "../../../lib/cli/broker/wire_rules.ts";

const LIMITS = { line: 64, payload: 1024 };

function problem(header: string): string | undefined {
  return wireProblem(new TextEncoder().encode(header), LIMITS);
}

Deno.test("what a publisher may send may be imported, and what not is told as the broker would (V3, V4, V10)", () => {
  for (const header of ["pub #a 0\n\n", "pub #a 2 id=x key=k h.a=b ttl=5\nhi\n"]) {
    assertEquals(problem(header), undefined, header);
  }
  for (
    const header of [
      "pub #a 1025\n",
      "pub #a 0 ttl=x\n\n",
      `pub #a 0 h.a=${"x".repeat(64)}\n\n`,
    ]
  ) {
    assertMatch(problem(header) ?? "", /\w/, header);
  }
});

Deno.test("what is no header of a message, or none that is whole, is none", () => {
  for (const header of ["", "pub #a 0", "pub #a 0\n", "ping\n", "sub #a\n"]) {
    assertMatch(problem(header) ?? "", /\w/, header);
  }
  assertEquals(problem("pub #a 0\n"), "no broker takes such a header");
});
