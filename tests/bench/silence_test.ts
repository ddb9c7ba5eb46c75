import { assert, assertEquals } from "@std/assert";
import { measureSilence } from "../../bench/silence/main.ts";

const BARE = `${import.meta.dirname}/../../bench/silence/bare.ts`;

Deno.test({
  name:
    "a crowd that does not log in is served, bounded and gone in its time, and honest clients go on (F24, F26)",
  // it looks in /proc
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const said: string[] = [];
    const { bytesEach, failed, last, ratios } = await measureSilence({
      count: 300,
      loginTimeout: 700,
      rounds: 1,
      aloneFor: 1_500,
      say: (line) => said.push(line),
    });
    assertEquals(said.length, 2);
    assertEquals(failed, 0);
    assert(last >= 650 && last < 10_000, said.join("\n"));
    assert(bytesEach < 64 * 1024, said.join("\n"));
    assert(ratios.silent! > 0 && ratios["half a login"]! > 0, said.join("\n"));
  },
});

Deno.test({
  name: "beside a crowd that does not log in the least there can be is measured as a broker is",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const said: string[] = [];
    const { failed, last, ratios } = await measureSilence({
      count: 300,
      loginTimeout: 700,
      rounds: 1,
      aloneFor: 200,
      manners: ["silent"],
      command: `${Deno.execPath()} run -A ${BARE}`,
      say: (line) => said.push(line),
    });
    assertEquals(said.length, 1);
    assertEquals(failed, 0);
    assert(last >= 650 && last < 10_000, said.join("\n"));
    assertEquals(Object.keys(ratios), ["silent"]);
  },
});
