/** What is asked of the C library for room in the table of descriptors, and of whom nothing is asked. */
import { assertEquals, assertRejects } from "@std/assert";
import { makeRoomForDescriptors } from "../../../lib/cli/process/descriptor_table.ts";
import { descriptorsLeft } from "../../../lib/cli/process/descriptors.ts";
import { standIn } from "../stand_in.ts";

const options = { ignore: Deno.build.os !== "linux" }; // elsewhere nothing is asked

/** A C library that answers so, and what it was asked. */
function library({ descriptor = 0, closed = 0 } = {}): Disposable & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  const symbols = {
    fcntl: (...all: number[]) => Promise.resolve((asked.push(all), descriptor)),
    close: (one: number) => (asked.push(one), closed),
  };
  const open = (name: string | URL): unknown => {
    asked.push(name);
    return { symbols, close: () => void asked.push("closed") };
  };
  const standing = standIn(Deno, "dlopen", open as unknown as typeof Deno.dlopen);
  return { asked, [Symbol.dispose]: () => standing[Symbol.dispose]() };
}

Deno.test("a descriptor with the number that is wanted is opened and closed again", options, async () => {
  using libc = library({ descriptor: 999 });
  assertEquals(await makeRoomForDescriptors(1000), true);
  // F_DUPFD_CLOEXEC of stderr
  assertEquals(libc.asked, ["libc.so.6", [2, 1030, 999], 999, "closed"]);
});

Deno.test("no more than 65,536 are asked for", options, async () => {
  for (const [count, last] of [[65_535, 65_534], [65_536, 65_535], [65_537, 65_535], [10_000_000, 65_535]]) {
    using libc = library();
    assertEquals(await makeRoomForDescriptors(count!), true);
    assertEquals(libc.asked[1], [2, 1030, last]);
  }
});

Deno.test("there is no room where the system has none, and nothing is closed then", options, async () => {
  {
    using libc = library({ descriptor: -1 });
    assertEquals(await makeRoomForDescriptors(1000), false);
    assertEquals(libc.asked, ["libc.so.6", [2, 1030, 999], "closed"]);
  }
  using _libc = library({ descriptor: 0, closed: -1 });
  assertEquals(await makeRoomForDescriptors(1000), false);
});

Deno.test(
  "where there is no such library there is no room, and what else goes wrong is told",
  options,
  async () => {
    const thrown = (error: unknown): Disposable =>
      standIn(Deno, "dlopen", () => {
        throw error;
      });
    {
      using _none = thrown(new Error("could not open it"));
      assertEquals(await makeRoomForDescriptors(1000), false);
    }
    using _bug = thrown("a bug");
    assertEquals(await makeRoomForDescriptors(1000).catch((error) => error), "a bug");
  },
);

Deno.test("a system that is not Linux is asked for nothing", async () => {
  using _build = standIn(Deno, "build", { ...Deno.build, os: "darwin" });
  using libc = library();
  assertEquals([await makeRoomForDescriptors(1000), libc.asked], [false, []]);
});

Deno.test({
  name: "a program that may not call a library does not ask for that",
  ...options,
  permissions: { read: true, ffi: false },
  fn: async () => {
    using libc = library();
    assertEquals([await makeRoomForDescriptors(1000), libc.asked], [false, []]);
  },
});

Deno.test("what may be opened yet is the limit without what is open", async () => {
  const left = (limit: string | Error, open = 3): number | undefined => {
    using _limits = standIn(Deno, "readTextFileSync", (path) => {
      if (typeof limit !== "string") throw limit;
      assertEquals(path, "/proc/self/limits");
      return `Max processes    7    8    processes\nMax open files    ${limit}    9999    files\n`;
    });
    using _open = standIn(Deno, "readDirSync", (path) => {
      assertEquals(path, "/proc/self/fd");
      return Array.from({ length: open }, (_, fd) => ({ name: `${fd}` } as Deno.DirEntry)).values();
    });
    return descriptorsLeft();
  };
  assertEquals([left("1024"), left("1024", 1000), left("unlimited")], [1021, 24, undefined]);
  for (const kept of [new Deno.errors.NotFound("/proc"), new Deno.errors.NotCapable("no")]) {
    assertEquals(left(kept), undefined);
  }
  await assertRejects(async () => await Promise.resolve(left(new TypeError("a bug"))), TypeError);
});
