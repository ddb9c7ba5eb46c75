/** How asking ends: where nobody reads the answers, where something else goes wrong, and what is told then. */
import { assertEquals, assertRejects } from "@std/assert";
import { OutputClosed } from "../../../lib/cli/output/output.ts";
import { RefusedError, RunError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { Broken, Collected, Held } from "../output/collected.ts";
import { withStdin } from "../with_stdin.ts";
import { bench, turn } from "./ask_bench.ts";

const LINES = ["-t", "#a", "-l", "-v"];

Deno.test("where nobody reads the answers it ends, and what becomes of the other requests is not told", async () => {
  await withStdin(["one\ntwo\nthree\n"], async () => {
    const { run, responders, told, stop } = await bench([...LINES, "--keep-going"], { target: new Broken() });
    const work = run.work(stop);
    await turn();
    responders.answer(0, "1");
    await assertRejects(() => within("the end", work), OutputClosed);
    responders.answers[1]!.reject(new RunError("closed", "CLOSED"));
    responders.answers[2]!.reject(new RefusedError("DENIED", "no"));
    await turn();
    await run.end(stop, { failed: true });
    assertEquals(told, []);
  }, { open: true });
});

Deno.test("who has gone away fails nothing at the end, and what cannot be written does", async () => {
  const ended = async (target: Collected, failed = false): Promise<string> => {
    const { run, responders, told, stop } = await bench(["-t", "#a", "-m", "x", "-v"], { target });
    const work = run.work(stop);
    responders.answer(0, "1");
    await work.catch(() => {});
    const end = run.end(stop, { failed });
    return await within("the end", end).then(() => told.join(), (error) => `${error}`);
  };
  assertEquals(await ended(new Collected()), "1 answer, 0 failed");
  assertEquals(await ended(new Broken()), "1 answer, 0 failed");
  const full = new Error("No space left on device (os error 28)");
  assertEquals(await ended(new Broken(full)), "RunError: cannot write to stdout: no space left on device");
  assertEquals(await ended(new Broken(full), true), "", "what failed first is what is told");
  assertEquals(await ended(new Collected(), true), "");
});

Deno.test("once it is to stop it waits five seconds for who reads, says so, and then it is not all written", async () => {
  const target = new Held();
  const { run, responders, told, stop, abort } = await bench(["-t", "#a", "-m", "x", "-v"], { target });
  const work = run.work(stop);
  responders.answer(0, "1");
  await work;
  using time = new FakeTime();
  const ends: string[] = [];
  void run.end(stop, { failed: false }).then(() => ends.push("done"), (error) => ends.push(error.message));
  const after = async (ms: number): Promise<void> => {
    for (let turns = 0; turns < 20; turns++) await Promise.resolve();
    time.pass(ms);
    for (let turns = 0; turns < 20; turns++) await Promise.resolve();
  };
  await after(60_000);
  assertEquals([ends, told], [[], []], "as long as nobody stops it, it waits");
  abort();
  await after(1000);
  assertEquals([ends, told], [[], ["waiting for who reads the output (Ctrl-C ends at once)"]]);
  await after(3999);
  assertEquals(ends, []);
  await after(1);
  assertEquals(ends, ["nobody read the output for 5 s after the stop: not all of it is written"]);
});

Deno.test("while nobody takes the answers no more is asked", async () => {
  await withStdin(["one\n", "two\n", "three\n"], async () => {
    const target = new Held();
    const { run, responders, out, stop } = await bench(LINES, { target });
    out.bytes(new Uint8Array(256 * 1024));
    const work = run.work(stop);
    await turn();
    await turn();
    assertEquals(responders.asked, ["#a one"]);
    target.taken.resolve();
    for (let turns = 0; turns < 100 && responders.asked.length < 3; turns++) await turn();
    for (const at of [0, 1, 2]) responders.answer(at, "y");
    assertEquals(await within("the end", work), 0);
  });
});

Deno.test("what is no refusal and no failure of a run is thrown as it is", async () => {
  for (const more of [[], ["--keep-going"]]) {
    const { run, responders, told, stop } = await bench(["-t", "#a", "-m", "x", ...more]);
    const work = run.work(stop);
    responders.answers[0]!.reject(new TypeError("a bug"));
    await assertRejects(() => within("the end", work), TypeError, "a bug");
    assertEquals(told, []);
  }
});

Deno.test("a run that failed and was not stopped is not said to have been", async () => {
  const { run, responders, told, stop } = await bench(["-t", "#a", "-m", "x", "-v", "--keep-going"]);
  const work = run.work(stop);
  responders.answers[0]!.reject(new RefusedError("DENIED", "no"));
  assertEquals(await within("the end", work), 1);
  await run.end(stop, { failed: false });
  assertEquals([run.codeWhenStopped(), told], [1, ["no", "0 answers, 1 failed"]]);
});
