import { assertEquals, assertRejects } from "@std/assert";
import { NOBODY_ANSWERS, TIME_IS_OVER } from "../../../lib/cli/client/exit_codes.ts";
import { RefusedError, RunError, UsageError } from "../../../lib/errors.ts";
import { until } from "../../support/until.ts";
import { within } from "../../support/within.ts";
import { StandInStream } from "../stand_in.ts";
import { withStdin } from "../with_stdin.ts";
import { bench, turn } from "./ask_bench.ts";

Deno.test("an answer is printed as it is, with a line end where it has none, or as JSON", async () => {
  const printed = async (words: readonly string[], payload: string | Uint8Array): Promise<string> => {
    const { run, responders, printed, stop } = await bench(["-t", "#a", "-m", "x", ...words]);
    const work = run.work(stop);
    responders.answer(0, payload);
    assertEquals(await within("the answer", work), 0);
    await run.end(stop, { failed: false });
    assertEquals(responders.asked, ["#a x"]);
    return printed.text;
  };
  using stdout = new StandInStream("stdout");
  assertEquals(await printed([], "yes"), "yes\n");
  assertEquals(await printed([], "yes\n"), "yes\n");
  assertEquals(await printed([], "\x1b[2J"), "\x1b[2J\n", "a pipe gets the bytes");
  const { topic, payload } = JSON.parse(await printed(["--json"], "yes")) as Record<string, unknown>;
  assertEquals([topic, payload, stdout.text], ["#reply", "yes", ""]);
  using _terminal = new StandInStream("stdout", { terminal: true });
  assertEquals(await printed([], "\x1b[2J\ty\n"), "\\x1b[2J\ty\n");
});

Deno.test("answers are printed in the order of the requests, each as soon as those before it are", async () => {
  await withStdin(["one\ntwo\nthree\n"], async () => {
    const { run, responders, told, printed, out, stop } = await bench(["-t", "#a", "-l", "-v"]);
    const work = run.work(stop);
    await turn();
    assertEquals(responders.asked, ["#a one", "#a two", "#a three"]);
    responders.answer(1, "2");
    await turn();
    await out.flush();
    assertEquals(printed.text, "");
    responders.answer(0, "1");
    await turn();
    await out.flush();
    assertEquals(printed.text, "1\n2\n");
    responders.answer(2, "3");
    assertEquals(await work, 0);
    await run.end(stop, { failed: false });
    assertEquals([printed.text, told], ["1\n2\n3\n", ["3 answers, 0 failed"]]);
  });
});

Deno.test("the first request that fails ends the run, its exit code says how, and what is behind is not printed", async () => {
  const codes: ReadonlyArray<readonly [error: Error, code: number]> = [
    [new RefusedError("NO_RESPONDER", "nobody answers"), NOBODY_ANSWERS],
    [new RunError("no answer within 1 s", "TIMEOUT"), TIME_IS_OVER],
    [new RefusedError("DENIED", "not for you"), 1],
    [new RefusedError("TIMEOUT", "too late"), 1],
  ];
  for (const [error, code] of codes) {
    await withStdin(["one\ntwo\n"], async () => {
      const { run, responders, told, printed, stop } = await bench(["-t", "#a", "-l"]);
      const work = run.work(stop);
      await turn();
      responders.answer(1, "2");
      responders.answers[0]!.reject(error);
      assertEquals(await within("the end", work), code, error.message);
      await run.end(stop, { failed: false });
      assertEquals([told, printed.text], [[`stdin:1: ${error.message}`], ""]);
    }, { open: true });
  }
});

Deno.test("with --keep-going all are asked, what failed is told in its turn, and the first says the exit code", async () => {
  await withStdin(["one\ntwo\nthree\n"], async () => {
    const { run, responders, told, printed, stop } = await bench(["-t", "#a", "-l", "--keep-going", "-v"]);
    const work = run.work(stop);
    await turn();
    responders.answers[2]!.reject(new RunError("no answer", "TIMEOUT"));
    responders.answer(1, "2");
    responders.answers[0]!.reject(new RefusedError("NO_RESPONDER", "nobody"));
    assertEquals(await within("the end", work), NOBODY_ANSWERS);
    await run.end(stop, { failed: false });
    assertEquals(printed.text, "2\n");
    assertEquals(told, ["stdin:1: nobody", "stdin:3: no answer", "1 answer, 2 failed"]);
  });
});

Deno.test("a line whose key is no text is no request: it ends the run, or is told where that is to go on", async () => {
  const input = Uint8Array.of(0xff, 0x3d, 0x78, 0x0a, 0x6b, 0x3d, 0x79, 0x0a);
  await withStdin([input], async () => {
    const { run, stop } = await bench(["-t", "#a", "-l", "-K", "="]);
    await assertRejects(() => run.work(stop), UsageError, "stdin:1: the key is not UTF-8");
  });
  await withStdin([input], async () => {
    const { run, responders, told, stop } = await bench(["-t", "#a", "-l", "-K", "=", "--keep-going"]);
    const work = run.work(stop);
    await turn();
    responders.answer(0, "y");
    assertEquals([await work, responders.asked, told], [1, ["#a y"], ["stdin:1: the key is not UTF-8"]]);
  });
});

Deno.test("a message of -m that fails has no place before it", async () => {
  const { run, responders, told, stop } = await bench(["-t", "#a", "-m", "x"]);
  const work = run.work(stop);
  responders.answers[0]!.reject(new RefusedError("DENIED", "not for you"));
  assertEquals([await work, told], [1, ["not for you"]]);
});

Deno.test("only so many requests wait for their answers at a time", async () => {
  await withStdin([`${"x\n".repeat(300)}`], async () => {
    const { run, responders, stop } = await bench(["-t", "#a", "-l"]);
    const work = run.work(stop);
    await turn();
    assertEquals(responders.asked.length, 256);
    responders.answer(0, "y");
    await turn();
    assertEquals(responders.asked.length, 257);
    for (let at = 1; at < 300; at++) {
      await until(`request ${at}`, () => responders.answers.length > at);
      responders.answer(at, "y");
    }
    assertEquals(await within("the end", work), 0);
    assertEquals(responders.asked.length, 300);
  });
});

Deno.test("a run that is stopped says how many answers came, and is a failure unless it has all", async () => {
  await withStdin(["one\ntwo\n"], async () => {
    const { run, responders, told, stop, abort } = await bench(["-t", "#a", "-l"]);
    void run.work(stop);
    await turn();
    responders.answer(0, "1");
    await turn();
    assertEquals(run.codeWhenStopped(), 1, "one is not answered");
    abort();
    responders.answers[1]!.reject(new RunError("closed", "TIMEOUT"));
    await turn();
    await run.end(stop, { failed: false });
    assertEquals([run.codeWhenStopped(), told], [1, ["stopped after 1 answer"]]);
  }, { open: true });
  await withStdin(["one\ntwo\n"], async () => {
    const { run, responders, stop, abort } = await bench(["-t", "#a", "-l"]);
    const work = run.work(stop);
    await turn();
    abort();
    responders.answer(0, "1");
    await turn();
    assertEquals(run.codeWhenStopped(), 1, "one came too late to be printed, one has not come");
    responders.answer(1, "2");
    await work;
    assertEquals(run.codeWhenStopped(), 1, "neither was printed");
  });
  const { run, responders, told, stop, abort } = await bench(["-t", "#a", "-m", "x"]);
  const work = run.work(stop);
  responders.answer(0, "1");
  await work;
  abort();
  await run.end(stop, { failed: false });
  assertEquals([run.codeWhenStopped(), told], [0, []]);
});
