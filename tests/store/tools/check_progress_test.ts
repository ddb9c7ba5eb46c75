import { assertEquals } from "@std/assert";
import { checkStore } from "../../../lib/store/tools/check.ts";
import { run } from "../asking.ts";
import { Folder } from "../folder.ts";
import { store, writing } from "../writing.ts";

Deno.test("a check counts what it could read, and says how far it got, every 64 MiB and at the end", () => {
  using folder = new Folder();
  const size = 64 * 1024 * 1024;
  const head = `pub #a ${size - 17}\n`;
  assertEquals(head.length, 16);
  writing(folder, (writer) => {
    for (const payload of ["x".repeat(size - 17), "one", "two"]) {
      store(writer, { appends: [run("#a", payload)] });
    }
  });
  const told: string[] = [];
  const progress: [number, number][] = [];
  const summary = checkStore(folder.data, {
    progress: (done, total) => void progress.push([done, total]),
    problem: (text) => void told.push(text),
  });
  assertEquals(told, []);
  const bytes = size + 2 * "pub #a 3\none\n".length;
  assertEquals(summary, { topics: 1, batches: 3, messages: 3, bytes, delayed: 0, problems: 0 });
  const total = Deno.statSync(folder.database).size;
  assertEquals(progress, [[size, total], [bytes, total]]);
});
