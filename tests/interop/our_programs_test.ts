/** The publisher and the subscriber program against brokers written as the exercise's are. */
import { assertEquals } from "@std/assert";
import { run, start } from "../cli/run_program.ts";
import { brokerPorts, python, testWith } from "./programs.ts";

const broker = await python("broker.py");

for (const framing of ["lines", "bare"] as const) {
  const kind = framing === "lines" ? "that ends lines" : "that ends nothing";

  testWith([broker], {
    name: `our programs publish and subscribe at a broker of the exercise ${kind}`,
    fn: async () => {
      await using theirs = broker.start([framing]);
      const { pubPort, subPort } = await brokerPorts(theirs);
      await using subscriber = start("subscriber", [
        "-i",
        "s1",
        "-p",
        `${subPort}`,
        "-t",
        "#hello",
        "-C",
        "2",
      ]);
      assertEquals(await theirs.line(), "received [s1 hello 2]");
      assertEquals(await theirs.line(), "received [s1 sub #hello]");
      for (const message of ["hi there", "bye"]) {
        const args = ["-i", "p1", "-p", `${pubPort}`, "-t", "#hello", "-m", message];
        assertEquals(await run("publisher", args), { code: 0, stdout: "", stderr: "" });
        await subscriber.see(new RegExp(`^#hello ${message}$`, "m"));
      }
      assertEquals((await subscriber.ended).code, 0);
      assertEquals(subscriber.stdout, "#hello hi there\n#hello bye\n");
    },
  });
}
