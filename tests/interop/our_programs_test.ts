/** The publisher and the subscriber program against brokers written as the exercise's are. */
import { assertEquals } from "@std/assert";
import { childOf } from "../support/child.ts";
import { brokerPorts, python, testWith } from "./programs.ts";

const broker = await python("broker.py");

/** Runs one of our programs; its stdin is empty. */
function run(program: "publisher" | "subscriber", args: readonly string[]): ReturnType<typeof childOf> {
  const script = new URL(`../../${program}.ts`, import.meta.url).pathname;
  return childOf(
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", script, ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn(),
  );
}

for (const framing of ["lines", "bare"] as const) {
  const kind = framing === "lines" ? "that ends lines" : "that ends nothing";

  testWith([broker], {
    name: `our programs publish and subscribe at a broker of the exercise ${kind}`,
    fn: async () => {
      await using program = broker.start([framing]);
      const { pubPort, subPort } = await brokerPorts(program);
      const subscriber = run("subscriber", ["-i", "s1", "-p", `${subPort}`, "-t", "#hello", "-C", "2"]);
      assertEquals(await program.line(), "received [s1 hello 2]");
      assertEquals(await program.line(), "received [s1 sub #hello]");
      for (const message of ["hi there", "bye"]) {
        const publisher = run("publisher", ["-i", "p1", "-p", `${pubPort}`, "-t", "#hello", "-m", message]);
        assertEquals([(await publisher.ended).code, publisher.stderr], [0, ""]);
        await subscriber.see(new RegExp(`^#hello ${message}$`, "m"));
      }
      assertEquals((await subscriber.ended).code, 0);
      assertEquals(subscriber.stdout, "#hello hi there\n#hello bye\n");
    },
  });
}
