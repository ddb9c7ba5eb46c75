import { assertEquals, assertRejects } from "@std/assert";
import { definitionOf, limited } from "./time_limit.ts";

const CONTEXT = {} as Deno.TestContext;

Deno.test("a test that hangs fails after its limit, by its name and where it is written", async () => {
  const hanging = limited({ name: "waits", fn: () => new Promise(() => {}) }, 20);
  const error = await assertRejects(
    async () => await hanging.fn(CONTEXT),
    Error,
    '"waits" is not over after',
  );
  assertEquals(error.stack?.includes("time_limit_test.ts"), true);
});

Deno.test("a test that ends within its limit ends as it does, and one may set a limit of its own", async () => {
  const failure = new Error("failed");
  await limited({ name: "ends", fn: () => {} }, 20).fn(CONTEXT);
  const failing = limited({ name: "fails", fn: () => Promise.reject(failure) }, 20);
  assertEquals(await assertRejects(async () => await failing.fn(CONTEXT), Error), failure);
  const patient = limited(
    { name: "patient", timeout: 5000, fn: () => new Promise((resolve) => setTimeout(resolve, 60)) },
    20,
  );
  await patient.fn(CONTEXT);
});

Deno.test("however a test is written down, it is the same definition", () => {
  const named = function named(): void {};
  const fn = named;
  for (
    const args of [["named", fn], [{ name: "named", fn }], [fn], ["named", {}, fn], [{ name: "named" }, fn]]
  ) {
    assertEquals(definitionOf(args), { name: "named", fn });
  }
  assertEquals(definitionOf(["x", { ignore: true }, fn]), { name: "x", ignore: true, fn });
});
