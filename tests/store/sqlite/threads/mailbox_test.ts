import { assert, assertEquals } from "@std/assert";
import { Mailbox, Post } from "../../../../lib/store/sqlite/threads/mailbox.ts";

/** For how long each wait was to last, where it did not end at once. */
function waiting(work: (waits: number[]) => void): void {
  const { wait } = Atomics;
  const waits: number[] = [];
  Atomics.wait = (array: Int32Array | BigInt64Array, at: number, value: unknown, ms = Infinity) => {
    if (Atomics.load(array as Int32Array, at) !== value) return "not-equal";
    waits.push(ms);
    return "timed-out";
  };
  try {
    work(waits);
  } finally {
    Atomics.wait = wait;
  }
}

Deno.test("requests are taken in their order, with what goes along, and then there is none", () => {
  const post = new Post<{ readonly name: string; readonly buffer?: ArrayBuffer }>();
  const mailbox = new Mailbox<{ readonly name: string; readonly buffer?: ArrayBuffer }>(post.address);
  assertEquals(mailbox.take(), undefined);
  const buffer = new ArrayBuffer(8);
  post.send({ name: "one", buffer }, [buffer]);
  post.send({ name: "two" });
  assert(buffer.detached);
  const first = mailbox.take();
  assertEquals([first?.name, first?.buffer?.byteLength], ["one", 8]);
  assertEquals([mailbox.take(), mailbox.take()], [{ name: "two" }, undefined]);
  mailbox.close();
  post.close();
});

Deno.test("who waits sleeps only where nothing came since it last looked, and no less than no time", () => {
  const post = new Post<string>();
  const mailbox = new Mailbox<string>(post.address);
  waiting((waits) => {
    mailbox.wait(50);
    assertEquals(waits.splice(0), [50]);
    post.send("one");
    post.send("two");
    mailbox.wait(50);
    assertEquals(waits, [], "something came");
    mailbox.wait(-3);
    mailbox.wait(0);
    assertEquals(waits.splice(0), [0, 0]);
    post.send("three");
    mailbox.wait(50);
    assertEquals(waits, [], "what comes while it works ends the next wait at once");
  });
  assertEquals([mailbox.take(), mailbox.take(), mailbox.take()], ["one", "two", "three"]);
  mailbox.close();
  post.close();
});

Deno.test("who sleeps is woken by a request", async () => {
  const post = new Post<string>();
  const { signal } = post.address;
  const { value } = Atomics.waitAsync(new Int32Array(signal), 0, 0);
  post.send("one");
  assertEquals(await value, "ok");
  post.address.port.close();
  post.close();
});

Deno.test("what is sent where either end is closed never comes", () => {
  for (const end of ["post", "mailbox"] as const) {
    const post = new Post<string>();
    const mailbox = new Mailbox<string>(post.address);
    post.send("before");
    assertEquals(mailbox.take(), "before");
    (end === "post" ? post : mailbox).close();
    post.send("behind");
    assertEquals(mailbox.take(), undefined, end);
    (end === "post" ? mailbox : post).close();
  }
});
