import { assertEquals, assertRejects } from "@std/assert";
import { RawClient } from "./raw_client.ts";
import { memoryPair } from "./memory_pair.ts";
import { become, within } from "./within.ts";

Deno.test("what comes in time is given, what fails fails as it does, and what does not come is told", async () => {
  assertEquals(await within("a number", Promise.resolve(7), 1000), 7);
  await assertRejects(
    () => within("a number", Promise.reject(new TypeError("none")), 1000),
    TypeError,
    "none",
  );
  const never = new Promise<never>(() => {});
  await assertRejects(() => within("a number", never, 1), Error, "a number did not come within 0.001 s");
  let told = 0;
  const count = (): string => `${++told} of 2`;
  await assertRejects(() => within(count, never, 1), Error, "1 of 2 did not come within");
  await within(count, Promise.resolve(), 1000);
  assertEquals(told, 1);
});

Deno.test("what becomes so in time is waited for, and asked no more; what does not become so is told as it is asked", async () => {
  let asked = 0;
  await become(() => ++asked === 3, 1000);
  assertEquals(asked, 3);
  let never = 0;
  await assertRejects(
    () => become(() => ++never === 0, 1),
    Error,
    "++never === 0 did not come within 0.001 s",
  );
  const before = never;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assertEquals(never, before);
});

Deno.test("a raw client takes lines, the rest and the end as they come", async () => {
  const [near, far] = memoryPair();
  const [client, peer] = [new RawClient(near), new RawClient(far)];
  await client.send("p1 ping\n");
  assertEquals(await peer.line(), "p1 ping");
  await peer.send("OK\nOK\nhalf");
  assertEquals(await client.lines(2), ["OK", "OK"]);
  await peer.endInput();
  assertEquals([await client.rest(), await client.line()], ["half", undefined]);
  client.close();
  peer.close();
});
