import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Answers, countAnswers } from "../../bench/load/answers.ts";
import { DIALECTS } from "../../bench/load/dialects/mod.ts";
import { FormReader } from "../../bench/load/form.ts";
import { Signal } from "../../bench/load/signal.ts";
import { Wire } from "../../bench/load/wire.ts";

const replies = DIALECTS.hashbus2.replies(3);

/** Counts what a broker says that writes these pieces one after the other, until it has been heard to the end. */
async function heard(pieces: readonly string[]): Promise<Answers> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const changed = new Signal();
  const wire = await Wire.open({ host: "127.0.0.1", port: listener.addr.port }, null);
  using broker = await listener.accept();
  if (replies === null) throw new Error("v2 answers");
  const answers = countAnswers(wire, replies, { changed });
  try {
    for (const piece of pieces) {
      const turn = changed.wait();
      await broker.write(new TextEncoder().encode(piece));
      await turn;
    }
    const end = changed.wait();
    if (answers.problem === null) {
      await broker.closeWrite();
      await end;
    }
    return answers;
  } finally {
    answers.stop();
    wire.close();
  }
}

Deno.test("Lines that answer many publishes are summed, wherever reads split them", async () => {
  const said = "ok 1 level=memory subs=3\nok 250 level=memory subs=3\nok 1000 level=memory subs=3\n";
  for (let at = 1; at < said.length; at++) {
    const answers = await heard([said.slice(0, at), said.slice(at)]);
    assertEquals(
      [answers.messages, answers.problem],
      [1251, "the broker closed the connection"],
      `split at ${at}`,
    );
  }
});

for (
  const wrong of [
    "err BAD_TOPIC no wildcards\n",
    "ok 5 level=memory subs=2\n",
    "ok x level=memory subs=3\n",
    "ok  level=memory subs=3\n",
    "ok 1\n",
  ]
) {
  Deno.test(`A line that is no such answer ends the run: ${wrong.trim()}`, async () => {
    const answers = await heard([`ok 7 level=memory subs=3\n${wrong}`]);
    assertEquals(answers.messages, 7);
    assertStringIncludes(answers.problem ?? "", `got ${JSON.stringify(wrong)}`);
  });
}

Deno.test("Answers to more publishes than there were are too many", async () => {
  const answers = await heard(["ok 7 level=memory subs=3\n"]);
  answers.expectInAll(7);
  assertEquals([answers.reached, answers.excess], [true, 0]);
  answers.expectInAll(5);
  assertEquals([answers.reached, answers.excess], [true, 2]);
  answers.expectInAll(8);
  assertEquals(answers.reached, false);
});

/** Reads what a broker says in that protocol to its second publisher, split at `at`. */
function readIn(dialect: keyof typeof DIALECTS, said: string, at = said.length): FormReader {
  const { replies, interjection } = DIALECTS[dialect];
  const form = replies(0, 1);
  if (form?.kind !== "form") throw new Error(`${dialect} has no form`);
  const reader = new FormReader(form.parts, interjection);
  const bytes = new TextEncoder().encode(said);
  const taken = reader.take(bytes, at);
  reader.take(bytes.subarray(taken), bytes.length - taken);
  return reader;
}

for (
  const [dialect, messages, said] of [
    ["synced2", 1007, "ok 7 seq=7 level=synced subs=0\nok 1000 seq=1007 level=synced subs=0\n"],
    ["interval2", 12, "ok 12 seq=12 level=memory subs=0\n"],
    ["redisStream", 2, "$15\r\n1795455940531-0\r\n$16\r\n1795455940531-12\r\n"],
    [
      "jetstream",
      2,
      'MSG _INBOX.1 1  27\r\n{"stream":"bench", "seq":9}\r\nPING\r\nMSG _INBOX.1 1  28\r\n{"stream":"bench", "seq":10}\r\n',
    ],
  ] as const
) {
  Deno.test(`Acknowledgements of ${dialect} are counted, wherever reads split them`, () => {
    for (let at = 1; at <= said.length; at++) {
      const reader = readIn(dialect, said, at);
      assertEquals([reader.messages, reader.problem], [messages, null], `split at ${at}`);
    }
  });
}

for (
  const [dialect, said, why] of [
    ["synced2", "ok 7 seq=7 level=memory subs=0\n", "less than an fsync"],
    ["synced2", "ok 7 seq=7 level=synced subs=0\nok 1 seq=7 level=synced subs=0\n", "the same number again"],
    ["synced2", "err STORE no room\n", "refused"],
    ["redisStream", "-MISCONF no disk\r\n", "refused"],
    ["jetstream", 'MSG _INBOX.1 1 50\r\n{"error":{"code":503},"stream":"bench","seq":0}\r\n', "refused"],
    ["jetstream", 'MSG _INBOX.0 1 27\r\n{"stream":"bench", "seq":9}\r\n', "another's inbox"],
  ] as const
) {
  Deno.test(`What is no acknowledgement of ${dialect} is not counted as one: ${why}`, () => {
    assertStringIncludes(readIn(dialect, said).problem ?? "", "expected ");
  });
}
