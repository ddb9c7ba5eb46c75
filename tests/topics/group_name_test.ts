import { assertEquals, assertMatch } from "@std/assert";
import { groupNameProblem } from "../../lib/topics/group_name.ts";

Deno.test("a group has a name of at most 64 bytes, however many characters those are (G1)", () => {
  const fine = ["a", "x".repeat(64), "ä".repeat(32), "€".repeat(21), "größe-7", "$g"];
  for (const name of fine) assertEquals(groupNameProblem(name), undefined, name);
  for (const name of ["x".repeat(65), "ä".repeat(33), "€".repeat(22), "x".repeat(1000)]) {
    assertMatch(groupNameProblem(name) ?? "", /at most 64 bytes, ".+" has more$/);
  }
});

Deno.test("what a group's name may not have is named (G1)", () => {
  assertEquals(groupNameProblem(""), "the name of a group is missing");
  for (const name of ["#a", "a#", "a.b", "*", "a>"]) {
    assertEquals(groupNameProblem(name), `the name of a group has no "#", ".", "*" or ">", "${name}" has`);
  }
  const spaces = ["a b", "\t", "a\u200b", `${"x".repeat(63)} `];
  for (const name of spaces) {
    assertMatch(groupNameProblem(name) ?? "", /no white space, control or invisible/);
  }
  assertMatch(groupNameProblem(`${"x".repeat(64)} `) ?? "", /at most 64 bytes/);
});
