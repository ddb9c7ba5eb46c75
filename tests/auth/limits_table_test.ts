import { assertEquals } from "@std/assert";
import { ACCOUNT_LIMIT_SPECS } from "../../lib/auth/account_limits.ts";
import { readLimits } from "../../lib/auth/limits_table.ts";

function read(table: Record<string, unknown>): { readonly limits: object; readonly problems: string[] } {
  const problems: string[] = [];
  return { limits: readLimits(table, (text) => problems.push(text)), problems };
}

Deno.test("every limit of an account has the range of its row, both ends included", () => {
  for (const { key, name, least, most } of ACCOUNT_LIMIT_SPECS) {
    for (const value of [least, most]) assertEquals(read({ [name]: value }).limits, { [key]: value }, name);
    for (const value of [least - 1, most + 1, least + 0.5, `${least}x`, true, null, NaN]) {
      const { limits, problems } = read({ [name]: value });
      assertEquals([limits, problems.length], [{}, 1], `${name} = ${value}`);
    }
  }
});

Deno.test("sizes have units", () => {
  const sizes: readonly (readonly [text: string, bytes: number])[] = [
    ["4096", 4096],
    ["64KiB", 65_536],
    ["64 kib", 65_536],
    ["2MiB", 2_097_152],
    ["64KB", 64_000],
    ["2MB", 2_000_000],
  ];
  for (const [text, bytes] of sizes) {
    assertEquals(read({ "max-payload": text }).limits, { payload: bytes }, text);
  }
  assertEquals(read({ "max-outbox": "1GiB" }).limits, { outbox: 2 ** 30 });
  assertEquals(read({ "max-outbox": "1GB" }).limits, { outbox: 1e9 });
  assertEquals(read({ "max-connections": "64" }).problems.length, 1, "a number of connections is no size");
});
