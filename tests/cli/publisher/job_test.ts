import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { checkPayload, preparePublisher, type PublisherJob } from "../../../lib/cli/publisher/job.ts";
import type { PublisherPlan, Source } from "../../../lib/cli/publisher/plan.ts";
import { RunError, UsageError } from "../../../lib/errors.ts";
import { withStdin } from "../with_stdin.ts";

function prepared(source: Source): Promise<PublisherJob> {
  return preparePublisher({ source } as PublisherPlan);
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("what is to be published is read before a broker is there, but for lines", async () => {
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "0 pub #a x\n");
    assertEquals(await prepared({ kind: "lines" }), { kind: "lines" });
    assertEquals(await prepared({ kind: "json lines" }), { kind: "json lines" });
    assertEquals(await prepared({ kind: "message", text: "ä" }), {
      kind: "message",
      payload: bytes("ä"),
      from: "-m",
    });
    assertEquals(await prepared({ kind: "payload file", path: file }), {
      kind: "message",
      payload: bytes("0 pub #a x\n"),
      from: JSON.stringify(file),
    });
    await withStdin(["one ", "two"], async () => {
      assertEquals(await prepared({ kind: "stdin" }), {
        kind: "message",
        payload: bytes("one two"),
        from: "stdin",
      });
    });
    const of = async (path: string | undefined): Promise<readonly unknown[]> => {
      const job = await prepared({ kind: "commands", file: path });
      return job.kind === "commands" ? [job.file.length, job.readStdin] : [];
    };
    assertEquals(await of(file), [1, true]);
    assertEquals(await of(undefined), [0, true]);
    await withStdin(["0 pub #a x\n0 pub #b y\n"], async () => assertEquals(await of("-"), [2, false]));
    await Deno.writeTextFile(file, "0 sub #a\n");
    const wrong = await assertRejects(() => prepared({ kind: "commands", file }), UsageError);
    assertMatch(wrong.message, new RegExp(`^${file}:1: `));
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a file that cannot be read is told with its name and why", async () => {
  const missing = await assertRejects(() => prepared({ kind: "payload file", path: "/none/x" }), UsageError);
  assertEquals(missing.message, 'cannot read the payload file "/none/x": no such file or directory');
  await assertRejects(() => prepared({ kind: "commands", file: "/none/x" }), UsageError, "no such file");
});

Deno.test("the classic protocol carries one line, and what is none is told as what it is", () => {
  const said = (text: string, protocol: "classic" | "2" = "classic"): string | undefined => {
    const check = (): void => checkPayload({ kind: "message", payload: bytes(text), from: "-m" }, protocol);
    if (protocol === "2" || !/\n|\r$/.test(text)) return void check();
    return assertThrows(check, RunError).message;
  };
  const rest = ", and a message is one line in the classic protocol: -l publishes each line of stdin";
  assertEquals(said("x\n"), `-m ends with a line break${rest}`);
  assertEquals(said("\n"), `-m ends with a line break${rest}`);
  assertEquals(said("x\ny"), `-m has several lines${rest}`);
  assertEquals(said("\nx\n"), `-m has several lines${rest}`);
  assertEquals(said("x\r"), `-m ends with a CR${rest}`);
  for (const text of ["", "x", "\rx"]) assertEquals(said(text), undefined);
  for (const text of ["x\n", "x\r"]) assertEquals(said(text, "2"), undefined);
});
