import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Answers, countAnswers } from "../../bench/load/answers.ts";
import { DIALECTS } from "../../bench/load/dialects/mod.ts";
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
  const answers = countAnswers(wire, replies, changed);
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
