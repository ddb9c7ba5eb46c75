import { assertEquals } from "@std/assert";
import { madeId } from "../../../lib/cli/client/made_id.ts";
import { CLIENT_ID } from "../../../lib/cli/options/units.ts";

Deno.test("an id that is made says which program, where and which process", () => {
  assertEquals(madeId("publisher", { host: "laptop", pid: 4711 }), "pub-laptop-4711");
  assertEquals(madeId("subscriber", { host: "a.example.com", pid: 1 }), "sub-a-1");
});

Deno.test("an id that is made is an id whatever the machine is called", () => {
  for (
    const [host, id] of [
      ["Anna's Mac", "pub-Anna-s-Mac-7"],
      ["\u202e#\n", "pub-7"],
      ["", "pub-7"],
      [undefined, "pub-7"],
      ["über_netz", "pub-über_netz-7"],
      ["😀".repeat(3), "pub-7"],
      ["𝒂".repeat(100), `pub-${"𝒂".repeat(63)}-7`],
    ] as const
  ) {
    const made = madeId("publisher", { host, pid: 7 });
    assertEquals(made, id);
    assertEquals(CLIENT_ID.read(made), { value: made });
  }
});
