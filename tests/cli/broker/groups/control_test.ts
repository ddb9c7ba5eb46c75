import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  ask as askOnce,
  type AskedBroker,
  type GroupsRequest,
  openControl,
} from "../../../../lib/cli/broker/groups/control.ts";
import { RunError } from "../../../../lib/errors.ts";
import { type Log, SILENT_LOG } from "../../../../lib/log.ts";
import { Program } from "../../../../scripts/program.ts";
import { within } from "../../../support/within.ts";
import { standIn } from "../../stand_in.ts";

/** A directory with the socket of a broker that answers what the test says. */
class Asked implements Disposable {
  readonly dir = Deno.makeTempDirSync();
  readonly logged: string[] = [];
  readonly #control: { close(): void };

  constructor(broker: Partial<AskedBroker>) {
    const log = (event: string, fields?: unknown): void =>
      void this.logged.push(`${event} ${JSON.stringify(fields)}`);
    // a request that asks for more than the test has is a defect of the test
    this.#control = openControl(
      this.dir,
      broker as AskedBroker,
      { debug: log, info: log, warn: log, error: log } satisfies Log,
    );
  }

  get socket(): string {
    return `${this.dir}/hashbus.sock`;
  }

  /** What comes back for these bytes, to the end. */
  async raw(...pieces: readonly string[]): Promise<string> {
    using conn = await Deno.connect({ transport: "unix", path: this.socket });
    for (const piece of pieces) {
      await conn.write(new TextEncoder().encode(piece));
      // so that it is read by itself
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return await within("the end of the answer", new Response(conn.readable).text());
  }

  [Symbol.dispose](): void {
    this.#control.close();
    Deno.removeSync(this.dir, { recursive: true });
  }
}

/** What is answered. */
function ask(...asked: Parameters<typeof askOnce>): ReturnType<typeof askOnce> {
  return within("an answer", askOnce(...asked));
}

Deno.test("the socket is its owner's, in the place of one that was left, and gone with who listens", async () => {
  const asked = new Asked({ groups: () => Promise.resolve([]) });
  assertEquals(Deno.statSync(asked.socket).mode! & 0o777, 0o600);
  const again = openControl(asked.dir, {} as AskedBroker, SILENT_LOG);
  again.close();
  assertThrows(() => Deno.lstatSync(asked.socket), Deno.errors.NotFound);
  assertEquals(await ask(asked.dir, { do: "list" }), undefined, "there is none any more");
  asked[Symbol.dispose]();
  assertEquals(await ask(asked.dir, { do: "list" }), undefined);
});

Deno.test("a request is answered however it is cut, and a wrong one by a line that says what is wrong", async () => {
  using asked = new Asked({
    groups: () => Promise.resolve([]),
    deleteGroup: () => Promise.reject(new RunError("the group stays as it is: no space left")),
  });
  assertEquals(await asked.raw('{"do":', '"list"}\n'), '{"groups":[]}\n');
  assertEquals(await ask(asked.dir, { do: "delete", group: { name: "g", pattern: "#a" } }), {
    error: "the group stays as it is: no space left",
  });
  const unknown = await ask(asked.dir, { do: "dance" } as unknown as GroupsRequest);
  assertEquals(unknown, { error: 'this broker does not know how to "dance"' });
  assertEquals(JSON.parse(await asked.raw("dance\n")).error.includes("JSON"), true);
  assertEquals(asked.logged, []);
});

Deno.test("who is broken off, asks without end or meets a defect has no answer, and others have theirs", async () => {
  using asked = new Asked({
    groups: () => Promise.resolve([]),
    resetGroup: () => Promise.reject(new TypeError("a defect")),
  });
  assertEquals(await asked.raw("x".repeat(65 * 1024), "\n").catch(() => ""), "");
  await assertRejects(
    () => ask(asked.dir, { do: "reset", group: { name: "g", pattern: "#a" } }),
    RunError,
    "ended without an answer",
  );
  assertEquals(asked.logged, ['a request about groups failed {"reason":"a defect"}']);
  assertEquals(await ask(asked.dir, { do: "list" }), { groups: [] });
});

Deno.test("a request is read up to 64 KiB, and who sends more without an end is left", async () => {
  using asked = new Asked({ groups: () => Promise.resolve([]) });
  const most = 64 * 1024;
  const request = '{"do":"list"';
  assertEquals(await asked.raw(request.padEnd(most), "}\n"), '{"groups":[]}\n');
  using conn = await Deno.connect({ transport: "unix", path: asked.socket });
  const bytes = new Uint8Array(most + 1).fill(0x20);
  for (let at = 0; at < bytes.length;) at += await conn.write(bytes.subarray(at));
  const end = new Response(conn.readable).text().catch(() => "");
  assertEquals(await within("that it is left", end, 5000), "");
});

Deno.test("where no socket can be, that is told with what cannot be done, and there is nothing to close", () => {
  const logged: unknown[] = [];
  const log = { ...SILENT_LOG, warn: (...said: unknown[]) => void logged.push(said) };
  const control = openControl("/none/x", {} as AskedBroker, log);
  control.close();
  assertEquals(logged, [[
    "--groups, --reset-group, --delete-group and --redrive cannot reach this broker while it runs",
    { socket: "/none/x/hashbus.sock", reason: "no such file or directory" },
  ]]);
});

Deno.test("what stands in the place of the socket and is none stays there, and is told", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${dir}/hashbus.sock/mine`, { recursive: true });
    const reasons: unknown[] = [];
    const log = {
      ...SILENT_LOG,
      warn: (_: string, fields = {}) => void reasons.push(Object.values(fields)[1]),
    };
    openControl(dir, {} as AskedBroker, log).close();
    assertEquals(reasons, ["directory not empty"]);
    assertEquals(Deno.statSync(`${dir}/hashbus.sock/mine`).isDirectory, true);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("no broker answers where none was, where one was killed, and where the path is too long for a socket", async () => {
  const dir = await Deno.makeTempDir();
  try {
    assertEquals(await ask(`${dir}/none`, { do: "list" }), undefined);
    assertEquals(await ask(`/${"x".repeat(200)}`, { do: "list" }), undefined);
    {
      using _killed = Deno.listen({ transport: "unix", path: `${dir}/it` });
      // what is closed takes its socket with it, what is killed leaves it
      Deno.linkSync(`${dir}/it`, `${dir}/hashbus.sock`);
    }
    assertEquals(Deno.lstatSync(`${dir}/hashbus.sock`).isFile, false, "it is left there");
    assertEquals(await ask(dir, { do: "list" }), undefined);
    await Deno.writeTextFile(`${dir}/file`, "");
    const error = await assertRejects(() => ask(`${dir}/file`, { do: "list" }), RunError);
    assertEquals(error.message, `cannot ask the broker that runs in "${dir}/file": not a directory`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("a path that is too long for a socket had none, whoever finds it too long; else it is told", async () => {
  const asked = (error: Error): Promise<unknown> => {
    const refuse = (): Promise<never> => Promise.reject(error);
    using _connect = standIn(Deno, "connect", refuse as unknown as typeof Deno.connect);
    return ask("data", { do: "list" });
  };
  assertEquals(await asked(new TypeError("the path has a NUL")), undefined);
  assertEquals(await asked(new Error("File name too long (os error 36)")), undefined);
  const { message } = await assertRejects(
    () => asked(new Error("Permission denied (os error 13)")),
    RunError,
  );
  assertEquals(message.startsWith('cannot ask the broker that runs in "data": '), true, message);
});

Deno.test("an answer comes whole, however long it is", async () => {
  const groups = Array.from({ length: 5000 }, (_, at) => ({
    ...{ name: `group-${at}`, pattern: "#a.very.long.pattern.>", lag: at, outstanding: 0, members: 0 },
    ...{ settling: undefined, oldest: undefined },
  }));
  using asked = new Asked({ groups: () => Promise.resolve(groups) });
  const answer = await ask(asked.dir, { do: "list" });
  assertEquals(answer, { groups: JSON.parse(JSON.stringify(groups)) });
});

Deno.test("who goes away before its answer is nobody's fault, and is not logged", async () => {
  const { promise: asks, resolve: isAsked } = Promise.withResolvers<void>();
  const { promise: answers, resolve: answer } = Promise.withResolvers<[]>();
  using asked = new Asked({ groups: () => (isAsked(), answers) });
  {
    using conn = await Deno.connect({ transport: "unix", path: asked.socket });
    await conn.write(new TextEncoder().encode('{"do":"list"}\n'));
    await within("the request", asks);
  }
  answer([]);
  assertEquals(await ask(asked.dir, { do: "list" }), { groups: [] });
  assertEquals(asked.logged, []);
});

Deno.test({
  name: "no connection is left open, neither by who asks nor by who answers",
  ignore: Deno.build.os !== "linux", // elsewhere nobody tells what is open
  fn: async () => {
    // a process of its own: in this one others have connections, too
    const lib = (path: string): string => JSON.stringify(import.meta.resolve(`../../../../lib/${path}`));
    const script = `
      import { ask, openControl } from ${lib("cli/broker/groups/control.ts")};
      import { SILENT_LOG } from ${lib("log.ts")};
      const dir = Deno.makeTempDirSync();
      const control = openControl(dir, { groups: () => Promise.resolve([]) }, SILENT_LOG);
      const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
      await ask(dir, { do: "list" });
      const before = open();
      for (let times = 0; times < 20; times++) await ask(dir, { do: "list" });
      while (open() > before) await new Promise((resolve) => setTimeout(resolve, 1));
      control.close();
      Deno.removeSync(dir, { recursive: true });`;
    await using child = Program.start([Deno.execPath(), "run", "-A", "--no-check", "-"], { stdin: script });
    await within("that they are closed", child.succeeded());
  },
});

Deno.test("a request comes whole, however long it is", async () => {
  const names: string[] = [];
  using asked = new Asked({ deleteGroup: ({ name }) => Promise.resolve(names.push(name) > 0) });
  const name = "x".repeat(60_000);
  assertEquals(await ask(asked.dir, { do: "delete", group: { name, pattern: "#a" } }), { changed: true });
  assertEquals(names, [name]);
});
