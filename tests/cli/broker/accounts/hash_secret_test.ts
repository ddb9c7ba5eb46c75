import { assertEquals, assertRejects } from "@std/assert";
import { secretFrom, type SecretInput } from "../../../../lib/cli/broker/accounts/hash_secret.ts";
import { RunError } from "../../../../lib/errors.ts";

/** Where these bytes come from, and what was done to it. */
class Input implements SecretInput {
  readonly raw: boolean[] = [];
  #bytes: Uint8Array;
  readonly #terminal: boolean;

  constructor(typed: string | Uint8Array, terminal = true) {
    this.#bytes = typeof typed === "string" ? new TextEncoder().encode(typed) : typed;
    this.#terminal = terminal;
  }

  isTerminal(): boolean {
    return this.#terminal;
  }

  setRaw(raw: boolean): void {
    this.raw.push(raw);
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#bytes.length === 0) return Promise.resolve(null);
    const count = Math.min(into.length, this.#bytes.length);
    into.set(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.subarray(count);
    return Promise.resolve(count);
  }
}

Deno.test("a secret is typed twice, without being shown", async () => {
  const input = new Input("geheim\rgeheim\r");
  assertEquals(await secretFrom(input), "geheim");
  assertEquals(input.raw, [true, false, true, false]);
  assertEquals(await secretFrom(new Input("x€\x7fy\rxy\r")), "xy", "a character is taken back whole");
});

Deno.test("of a secret that is not typed alike, or not at all, nothing is made", async () => {
  const wrong = [["a\rb\r", "not the same"], ["\r\r", "no secret"], ["\x04", "no secret"], [
    "a\ta\r",
    "control",
  ]];
  for (const [typed = "", said] of wrong) {
    const input = new Input(typed);
    await assertRejects(() => secretFrom(input), RunError, said);
    assertEquals(input.raw.at(-1), false, "the terminal is given back");
  }
});

Deno.test("what comes through a pipe is one line of UTF-8", async () => {
  for (const line of ["a b", "a b\n", "a b\r\n"]) {
    assertEquals(await secretFrom(new Input(line, false)), "a b");
  }
  await assertRejects(() => secretFrom(new Input(Uint8Array.of(0xff), false)), RunError, "not UTF-8");
  const [longest, longer] = ["ü".repeat(512), `${"ü".repeat(512)}x`];
  assertEquals(await secretFrom(new Input(`${longest}\r\n`, false)), longest);
  for (const text of [longer, `${longer}\n`, "x".repeat(5000)]) {
    await assertRejects(() => secretFrom(new Input(text, false)), RunError, "at most 1024 bytes");
  }
});
