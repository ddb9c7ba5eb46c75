import { assertEquals, assertRejects } from "@std/assert";
import {
  secretFrom,
  type SecretInput,
  secretToHash,
} from "../../../../lib/cli/broker/accounts/hash_secret.ts";
import { RunError } from "../../../../lib/errors.ts";
import { standIn, StandInStream } from "../../stand_in.ts";

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

Deno.test("a line that is typed ends with CR, LF or Ctrl-D at its beginning, and is corrected as it is typed", async () => {
  using stderr = new StandInStream("stderr");
  const lines: [typed: string, secret: string][] = [
    ["ab\nab\n", "ab"],
    ["ab\rab\n", "ab"],
    ["ax\x08b\rab\r", "ab"],
    ["ax\x7fb\rab\r", "ab"],
    ["\x08\x7fab\rab\r", "ab"],
    ["a\x04b\rab\r", "ab"],
    ["a€ü\x7f\x7f\x7fab\rab\r", "ab"],
    ["ab\rab", "ab"],
    ["x\x7fab\rab\r", "ab"],
    ["€\x7f\x7fab\rab\r", "ab"],
  ];
  for (const [line, secret] of lines) {
    assertEquals(await secretFrom(new Input(line)), secret, JSON.stringify(line));
    assertEquals(stderr.take(), "secret: \nonce more: \n");
  }
  await assertRejects(() => secretFrom(new Input("ab\r\x04")), RunError, "not the same");
});

Deno.test("Ctrl-C leaves at once, with the terminal as it was and the code of who is interrupted", async () => {
  using stderr = new StandInStream("stderr");
  class Left extends Error {}
  const codes: (number | undefined)[] = [];
  using _exit = standIn(Deno, "exit", (code) => {
    codes.push(code);
    throw new Left();
  });
  const input = new Input("ab\x03ab\r");
  await assertRejects(() => secretFrom(input), Left);
  assertEquals([codes, input.raw, stderr.text], [[130], [true, false], "secret: \n"]);
});

/** What a pipe brings read by read, and how many were read. */
class Pipe extends Input {
  reads = 0;
  readonly #pieces: Iterator<string>;

  constructor(pieces: Iterable<string>) {
    super("", false);
    this.#pieces = pieces[Symbol.iterator]();
  }

  override read(into: Uint8Array): Promise<number | null> {
    const { done, value } = this.#pieces.next();
    if (done === true) return Promise.resolve(null);
    this.reads++;
    return Promise.resolve(new TextEncoder().encodeInto(value, into).written);
  }
}

function* forever(piece: string): Generator<string> {
  for (;;) yield piece;
}

Deno.test("a pipe is read to its end, and no further than shows that a secret is too long", async () => {
  const longest = "x".repeat(1024);
  assertEquals(await secretFrom(new Pipe(["a", "b", "\r", "\n"])), "ab");
  assertEquals(await secretFrom(new Pipe([longest, "\r\n"])), longest);
  await assertRejects(() => secretFrom(new Pipe([longest, "x"])), RunError, "at most 1024 bytes");
  await assertRejects(() => secretFrom(new Pipe([`${longest}\r\n`, "x"])), RunError, "stdin has more");
  await assertRejects(() => secretFrom(new Pipe(["a\nb\n"])), RunError, "stdin has more");
  await assertRejects(() => secretFrom(new Pipe(["\n"])), RunError, "there is no secret");
  const endless = new Pipe(forever("x"));
  await assertRejects(() => secretFrom(endless), RunError, "at most 1024 bytes");
  assertEquals(endless.reads, 1024 + 3);
});

Deno.test("what stands for a secret is another each time", async () => {
  const hashes = [await secretToHash(new Pipe(["ab\n"])), await secretToHash(new Pipe(["ab\n"]))];
  assertEquals(new Set(hashes).size, 2);
});
