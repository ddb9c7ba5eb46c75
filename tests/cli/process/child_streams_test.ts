/** A command whose streams and end are the test's: when it is over, and what is done with it then. */
import { assertEquals, assertRejects } from "@std/assert";
import { Child } from "../../../lib/cli/process/child.ts";
import { FakeTime } from "../fake_time.ts";
import { standIn } from "../stand_in.ts";

type Piped = ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;

/** Where a command would be started, one is that does what the test says. */
class Desk implements Disposable {
  readonly child: Child;
  readonly options: Deno.CommandOptions[] = [];
  /** What came from it, and what became of it. */
  readonly log: string[] = [];
  readonly time = new FakeTime();
  stdout!: Piped;
  stderr!: Piped;
  end!: (status: Deno.CommandStatus) => void;
  readonly #stack = new DisposableStack();

  constructor({ stdin = "", refused, slow }: {
    readonly stdin?: string;
    readonly refused?: Error;
    readonly slow?: Promise<void>;
  } = {}) {
    const { log, options } = this;
    const stream = (name: "stdout" | "stderr"): ReadableStream<Uint8Array> =>
      new ReadableStream({
        start: (controller: Piped) => void (this[name] = controller),
        cancel: () => void log.push(`${name} closed`),
      });
    const status = new Promise<Deno.CommandStatus>((resolve) => this.end = resolve);
    const sink = new WritableStream<Uint8Array>({
      write: (bytes) => {
        if (refused !== undefined) throw refused;
        log.push(`stdin ${new TextDecoder().decode(bytes)}`);
      },
      close: () => void log.push("stdin ended"),
    });
    const process = { pid: 77, status, stdin: sink, stdout: stream("stdout"), stderr: stream("stderr") };
    class Command {
      constructor(readonly name: string, given: Deno.CommandOptions) {
        options.push(given);
        log.push([name, ...given.args ?? []].join(" "));
      }
      spawn(): unknown {
        return process;
      }
    }
    this.#stack.use(standIn(Deno, "Command", Command as unknown as typeof Deno.Command));
    this.#stack.use(standIn(Deno, "kill", (pid, signal) => void log.push(`${signal} ${pid}`)));
    this.child = new Child(["do", "it"], {
      env: { A: "b" },
      stdin: new TextEncoder().encode(stdin),
      stdout: async (bytes) => {
        log.push(`out ${new TextDecoder().decode(bytes)}`);
        await slow;
      },
      stderr: (bytes) => void log.push(`err ${new TextDecoder().decode(bytes)}`),
    });
    void this.child.ended.then(({ code }) => log.push(`ended ${code}`), (error) => log.push(`${error}`));
  }

  /** What happened since the last time, when so many milliseconds have passed. */
  async after(ms: number): Promise<string[]> {
    for (let passed = 0; passed <= ms; passed += 10) {
      if (passed > 0) this.time.pass(10);
      for (let turn = 0; turn < 30; turn++) await Promise.resolve();
    }
    return this.log.splice(0);
  }

  print(to: Piped, text: string): void {
    to.enqueue(new TextEncoder().encode(text));
  }

  exit(code: number): void {
    this.end({ code, success: code === 0, signal: null });
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
    this.time[Symbol.dispose]();
  }
}

Deno.test("a command without stdin has none, and one with a byte gets it and its end", async () => {
  {
    using desk = new Desk();
    assertEquals(await desk.after(0), ["do it"]);
    assertEquals(desk.options.map(({ stdin, stdout, stderr, env }) => [stdin, stdout, stderr, env]), [
      ["null", "piped", "piped", { A: "b" }],
    ]);
  }
  using desk = new Desk({ stdin: "x" });
  assertEquals(await desk.after(0), ["do it", "stdin x", "stdin ended"]);
  assertEquals(desk.options[0]?.stdin, "piped");
});

Deno.test("it is a group of its own, but on Windows, where that would open a window", () => {
  for (const [os, detached] of [["linux", true], ["darwin", true], ["windows", false]] as const) {
    using _build = standIn(Deno, "build", { ...Deno.build, os });
    using desk = new Desk();
    assertEquals(desk.options[0]?.detached, detached, os);
  }
});

Deno.test("it has ended when it is gone and all it printed was handed over", async () => {
  using desk = new Desk();
  desk.print(desk.stdout, "one");
  desk.print(desk.stderr, "two");
  desk.exit(3);
  assertEquals((await desk.after(100)).sort(), ["do it", "err two", "out one"]);
  desk.print(desk.stdout, "three");
  desk.stdout.close();
  assertEquals(await desk.after(0), ["out three"]);
  desk.stderr.close();
  assertEquals(await desk.after(0), ["ended 3"]);
  assertEquals(desk.time.timers, [], "it is not looked at any more");
});

Deno.test("what was left behind and prints nothing is listened to for half a second, and then no longer", async () => {
  using desk = new Desk();
  await desk.after(2000);
  desk.exit(0);
  assertEquals(await desk.after(490), []);
  assertEquals((await desk.after(10)).sort(), ["ended 0", "stderr closed", "stdout closed"]);
});

Deno.test("what was left behind has half a second in all, whatever it prints, and each of its streams by itself", async () => {
  using desk = new Desk();
  await desk.after(0);
  desk.exit(0);
  desk.stderr.close();
  assertEquals(await desk.after(400), []);
  desk.print(desk.stdout, "a");
  assertEquals(await desk.after(90), ["out a"]);
  assertEquals(await desk.after(10), ["stdout closed", "ended 0"]);
});

Deno.test("who takes slowly is waited for, however long", async () => {
  const { promise: slow, resolve } = Promise.withResolvers<void>();
  using desk = new Desk({ slow });
  desk.print(desk.stdout, "a");
  desk.exit(0);
  desk.stderr.close();
  assertEquals(await desk.after(5000), ["do it", "out a"]);
  desk.print(desk.stdout, "b");
  resolve();
  assertEquals(await desk.after(0), ["out b"]);
  desk.stdout.close();
  assertEquals(await desk.after(0), ["ended 0"]);
});

Deno.test("a command that is over is not killed: another may have its number", async () => {
  using desk = new Desk();
  await desk.after(0);
  desk.child.kill();
  assertEquals(await desk.after(0), ["SIGKILL -77"]);
  desk.exit(0);
  await desk.after(0);
  desk.child.kill();
  assertEquals(await desk.after(0), []);
});

Deno.test("a command that does not take its stdin fails nothing, and what else goes wrong with it is told", async () => {
  for (
    const [refused, ended] of [
      [new Deno.errors.BrokenPipe("gone"), "ended 0"],
      [new TypeError("a bug"), "TypeError: a bug"],
    ] as const
  ) {
    using desk = new Desk({ stdin: "abc", refused });
    desk.exit(0);
    desk.stdout.close();
    desk.stderr.close();
    assertEquals(await desk.after(0), ["do it", ended]);
  }
});

Deno.test("what goes wrong with what it printed is told, and nobody looks at it any more", async () => {
  using desk = new Desk();
  desk.stdout.error(new TypeError("a bug"));
  desk.exit(0);
  assertEquals(await desk.after(0), ["do it", "TypeError: a bug"]);
  assertEquals(desk.time.timers, []);
  await assertRejects(() => desk.child.ended, TypeError);
});
