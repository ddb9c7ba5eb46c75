/** Every `curl` of docs/http.md is run against a broker that is started as the document says. */
import { assert, assertEquals } from "@std/assert";
import { Program } from "../../scripts/program.ts";
import { startBroker } from "../support/broker.ts";

const DOCUMENT = new URL("../../docs/http.md", import.meta.url).pathname;
const HAS_CURL = await found("curl");

/** Commands of indented blocks, those that go on behind a backslash as one. */
function commandsOf(text: string): readonly string[] {
  return [...text.replaceAll(/\\\n\s*/g, "").matchAll(/^ {4}(.*\bcurl\b.*)$/gm)].map(([, command]) =>
    command!
  );
}

/** So that it says whether it went well, and ends. */
function runnable(command: string, port: number): string {
  const seconds = command.includes("/stream") ? 1 : 20;
  return command.replaceAll("127.0.0.1:9080", `127.0.0.1:${port}`)
    .replaceAll(/\bcurl\b/g, `curl --fail-with-body --silent --show-error --max-time ${seconds}`);
}

Deno.test({
  name: `the curl examples of docs/http.md do what they say${
    HAS_CURL ? "" : " (skipped: curl is not installed)"
  }`,
  ignore: !HAS_CURL,
  fn: async () => {
    const commands = commandsOf(await Deno.readTextFile(DOCUMENT));
    assert(commands.length >= 12, `${commands.length} examples were found`);
    const data = await Deno.makeTempDir();
    await using broker = await startBroker(["--http", "0", "--data", data], {
      after: () => Deno.remove(data, { recursive: true }),
    });
    const ready = broker.lines.find((line) => line.startsWith("broker ready: "))!;
    const port = Number(/http 127\.0\.0\.1:(\d+)/.exec(ready)![1]);
    // what it is asked for, it has been told before
    const said = await run(`curl -d hello http://127.0.0.1:9080/api/topics/greetings/messages`, port);
    assertEquals(JSON.parse(said.lines[0]!), { topic: "#greetings", seq: 1, subscribers: 0 });
    for (const command of commands) {
      const { code, lines } = await run(command, port);
      // a stream goes on until the time is over
      const expected = command.includes("/stream") ? 28 : 0;
      assertEquals(code, expected, `${command}\n${lines.join("\n")}`);
    }
  },
});

async function run(
  command: string,
  port: number,
): Promise<{ readonly code: number; readonly lines: string[] }> {
  await using program = Program.start(["bash", "-c", runnable(command, port)], { name: "curl" });
  const { code } = await program.ended;
  return { code, lines: [...program.lines] };
}

async function found(name: string): Promise<boolean> {
  try {
    return (await new Deno.Command(name, { args: ["--version"] }).output()).success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
