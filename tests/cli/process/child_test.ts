/** Commands as processes of their own. */
import { assertEquals, assertThrows } from "@std/assert";
import { processGone } from "../../support/process_gone.ts";
import { until } from "../../support/until.ts";
import { within } from "../../support/within.ts";
import { standIn } from "../stand_in.ts";
import { Child } from "../../../lib/cli/process/child.ts";

const NOTHING = new Uint8Array();
const decoder = new TextDecoder();

/** A shell command, what it has printed to both, and how it ended. */
function shell(script: string, { env = {}, stdin = NOTHING }: {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array;
} = {}): { readonly child: Child; readonly said: { out: string; err: string } } {
  const said = { out: "", err: "" };
  const child = new Child(["sh", "-c", script], {
    env,
    stdin,
    stdout: (bytes) => void (said.out += decoder.decode(bytes)),
    stderr: (bytes) => void (said.err += decoder.decode(bytes)),
  });
  return { child, said };
}

Deno.test("a command gets its stdin and its environment, what it prints is handed over, and how it ended told", async () => {
  const stdin = new TextEncoder().encode("payload");
  const { child, said } = shell('cat; printf %s "$MORE"; echo bad >&2; exit 3', {
    env: { MORE: " a b" },
    stdin,
  });
  assertEquals((await child.ended).code, 3);
  assertEquals(said, { out: "payload a b", err: "bad\n" });
});

Deno.test("a command that does not read a megabyte of stdin, or closes it, ends as it likes", async () => {
  const stdin = new Uint8Array(1024 * 1024);
  for (const script of ["true", "exec <&-; echo", "head -c 10 >/dev/null"]) {
    assertEquals((await shell(script, { stdin }).child.ended).code, 0, script);
  }
});

Deno.test("a megabyte goes through a command in both directions at once", async () => {
  const stdin = crypto.getRandomValues(new Uint8Array(65536));
  const payload = new Uint8Array(16 * stdin.length).map((_, at) => stdin[at % stdin.length]!);
  const came: Uint8Array[] = [];
  const child = new Child(["cat"], {
    env: {},
    stdin: payload,
    stdout: (bytes) => void came.push(bytes.slice()),
    stderr: () => {},
  });
  assertEquals((await child.ended).code, 0);
  assertEquals(new Uint8Array(await new Blob(came as Uint8Array<ArrayBuffer>[]).arrayBuffer()), payload);
});

Deno.test("killing a command takes along what it has started", async () => {
  const { child, said } = shell("sleep 60 & echo $!; wait");
  await until("its number", () => said.out.includes("\n"));
  child.kill();
  assertEquals((await child.ended).signal, "SIGKILL");
  await processGone(parseInt(said.out));
  child.kill();
});

Deno.test("who kills a command that has ended a moment ago does not fail, and where it may not be killed that is told", async () => {
  const { child } = shell("read -r _", { stdin: new TextEncoder().encode("\n") });
  const kill = (error: Error) => (): never => {
    throw error;
  };
  for (const ended of [new Deno.errors.NotFound("no such process"), new TypeError("it has ended")]) {
    using _kill = standIn(Deno, "kill", kill(ended));
    child.kill();
  }
  {
    using _kill = standIn(Deno, "kill", kill(new Deno.errors.PermissionDenied("not yours")));
    assertThrows(() => child.kill(), Deno.errors.PermissionDenied);
  }
  await child.ended;
});

Deno.test("what a command leaves in the background keeps nobody waiting", async () => {
  const { child, said } = shell("echo done; sleep 20 & exit 0");
  const { code } = await within("its end", child.ended);
  assertEquals([code, said.out], [0, "done\n"]);
});

Deno.test("who takes the output slowly gets all of it, and keeps the command waiting", async () => {
  let length = 0;
  const child = new Child(["head", "-c", "300000", "/dev/zero"], {
    env: {},
    stdin: NOTHING,
    stdout: async (bytes) => {
      length += bytes.length;
      await new Promise((resolve) => setTimeout(resolve, length === bytes.length ? 700 : 10));
    },
    stderr: () => {},
  });
  await child.ended;
  assertEquals(length, 300_000);
});

Deno.test("what is printed before a command ended is taken to its end, however slowly", async () => {
  let length = 0;
  // more than one read brings, and no more than two: it has ended while the first of it is being taken
  const child = new Child(["head", "-c", "100000", "/dev/zero"], {
    env: {},
    stdin: NOTHING,
    stdout: async (bytes) => {
      length += bytes.length;
      // longer than what brings nothing is left open
      await new Promise((resolve) => setTimeout(resolve, 700));
    },
    stderr: () => {},
  });
  await child.ended;
  assertEquals(length, 100_000);
});

Deno.test("a command that is not there throws when it is started", () => {
  assertThrows(
    () => new Child(["/no/such"], { env: {}, stdin: NOTHING, stdout: () => {}, stderr: () => {} }),
    Deno.errors.NotFound,
  );
});
