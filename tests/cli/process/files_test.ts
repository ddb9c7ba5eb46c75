import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  openToRead,
  openToWrite,
  readBytes,
  readTextSync,
  whyNot,
  writeTextSync,
} from "../../../lib/cli/process/files.ts";
import { UsageError } from "../../../lib/errors.ts";
import { standIn } from "../stand_in.ts";

Deno.test("a file is read whole, as bytes or as text, and written from its start", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, "some longer ä text");
    using written = await openToWrite(path, "it");
    assertEquals(writeTextSync(written, "ä\n"), 3);
    assertEquals(await readBytes(path, "it"), Uint8Array.of(0xc3, 0xa4, 0x0a));
    assertEquals(readTextSync(path, "it"), "ä\n");
    using opened = await openToRead(path, "it");
    assertEquals((await opened.stat()).size, 3);
    await Deno.writeFile(path, Uint8Array.of(0xff));
    assertThrows(() => readTextSync(path, "it"), UsageError, `${path}: not UTF-8`);
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("a file that cannot be had is told with what it was for, its name, and why", async () => {
  const none = 'cannot read it "/none/x": no such file or directory';
  for (const read of [() => readBytes("/none/x", "it"), () => openToRead("/none/x", "it")]) {
    assertEquals((await assertRejects(read, UsageError)).message, none);
  }
  assertEquals(assertThrows(() => readTextSync("/none/x", "it"), UsageError).message, none);
  const write = await assertRejects(() => openToWrite("/none/x", "it"), UsageError);
  assertEquals(write.message, 'cannot write it "/none/x": no such file or directory');
  const folder = await Deno.makeTempDir();
  try {
    const why = `"${folder}": it is a directory`;
    assertEquals(
      (await assertRejects(() => openToRead(folder, "it"), UsageError)).message,
      `cannot read it ${why}`,
    );
    assertEquals(
      (await assertRejects(() => readBytes(folder, "it"), UsageError)).message,
      `cannot read it ${why}`,
    );
  } finally {
    await Deno.remove(folder);
  }
});

Deno.test("why the system refused is said without its own wording around it, and fit for a terminal", () => {
  assertEquals(whyNot(new Deno.errors.NotFound("x")), "no such file or directory");
  assertEquals(whyNot(new Deno.errors.PermissionDenied("x")), "permission denied");
  assertEquals(
    whyNot(new Deno.errors.NotCapable("x")),
    "this program was not given the permission (run it with -A)",
  );
  assertEquals(whyNot(new Deno.errors.IsADirectory("x")), "it is a directory");
  assertEquals(whyNot(new Error("Broken pipe (os error 32), write\nmore")), "broken pipe");
  assertEquals(whyNot("Odd\x1b"), "odd\\x1b");
});

Deno.test("a text is written to its end, however little is taken at a time", () => {
  const taken: number[] = [];
  const target = {
    writeSync: (bytes: Uint8Array) => {
      if (taken.push(bytes[0]!) > 9) throw new TypeError("it is written again and again");
      return 1;
    },
  };
  assertEquals([writeTextSync(target, "abc"), taken], [3, [97, 98, 99]]);
});

Deno.test("a folder that was opened in the place of a file is closed", async () => {
  let closed = 0;
  const folder = { stat: () => Promise.resolve({ isDirectory: true }), close: () => void closed++ };
  using _open = standIn(Deno, "open", () => Promise.resolve(folder as unknown as Deno.FsFile));
  await assertRejects(() => openToRead("/tmp", "it"), UsageError, 'cannot read it "/tmp": it is a directory');
  assertEquals(closed, 1);
});

Deno.test("the name of a file is told to 200 characters", async () => {
  const [most, more] = ["/none/".padEnd(200, "x"), "/none/".padEnd(201, "x")];
  for (const [path, shown] of [[most, most], [more, `${more.slice(0, 197)}...`]] as const) {
    const why = `it "${shown}": no such file or directory`;
    assertEquals(
      (await assertRejects(() => readBytes(path, "it"), UsageError)).message,
      `cannot read ${why}`,
    );
    assertEquals(
      (await assertRejects(() => openToWrite(path, "it"), UsageError)).message,
      `cannot write ${why}`,
    );
  }
});
