/** Completions, as the shells themselves give them. */
import { assertEquals, assertMatch } from "@std/assert";
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { allOptions, type Program as Described, type Table } from "../../../lib/cli/options/table.ts";
import { PUBLISHER } from "../../../lib/cli/publisher/options.ts";
import { SUBSCRIBER } from "../../../lib/cli/subscriber/options.ts";
import { commandOf, run } from "../run_program.ts";

const PROGRAMS = [BROKER, PUBLISHER, SUBSCRIBER] as const;
type Name = "broker" | "publisher" | "subscriber";
const SHELLS = ["bash", "zsh", "fish"] as const;
type Shell = typeof SHELLS[number];

/** What a shell is told to do: say what it offers at the end of the line `$2`, with the script `$1`. */
const ASKED: Readonly<Record<Shell, readonly string[]>> = {
  bash: [
    "bash",
    "--norc",
    "-c",
    `source "$0"
     read -ra COMP_WORDS <<<"\${1//=/ = }"
     [[ $1 == *[\\ =] ]] && COMP_WORDS+=("")
     [[ $1 == *= ]] && unset 'COMP_WORDS[-1]'
     COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 ))
     "$(complete -p "\${COMP_WORDS[0]}" | sed 's/.*-F \\([^ ]*\\).*/\\1/')" "\${COMP_WORDS[0]}"
     printf '\\1%s' "\${COMPREPLY[@]}"`,
  ],
  zsh: ["zsh", "-f", new URL("./fixtures/zsh_offers.zsh", import.meta.url).pathname],
  fish: ["fish", "--no-config", "-c", 'source $argv[1]; complete -C $argv[2] | string replace -r "^" \\x01'],
};

/** Folders and files that stand for a person's machine: programs on the PATH, scripts, a config file. */
class Machine implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async create(): Promise<Machine> {
    const machine = new Machine(await Deno.makeTempDir());
    for (const folder of ["bin", "here/sub", "config/hashbus"]) {
      await Deno.mkdir(`${machine.folder}/${folder}`, { recursive: true });
    }
    for (const { name } of PROGRAMS) {
      const command = commandOf(name as Name).map((word) => `'${word}'`).join(" ");
      await Deno.writeTextFile(`${machine.folder}/bin/${name}`, `#!/bin/sh\nexec ${command} "$@"\n`, {
        mode: 0o755,
      });
    }
    await Deno.writeTextFile(`${machine.folder}/here/a file.cmd`, "");
    return machine;
  }

  /** What the shell offers at the end of a line. */
  async offers(shell: Shell, line: string): Promise<string[]> {
    const [program = ""] = line.split(" ");
    const script = `${this.folder}/${program}.${shell}`;
    const { code, stdout, stderr } = await run(program as Name, ["completions", shell]);
    assertEquals([code, stderr], [0, ""]);
    await Deno.writeTextFile(script, stdout);
    const [command = "", ...args] = ASKED[shell];
    const output = await new Deno.Command(command, {
      args: [...args, script, line],
      cwd: `${this.folder}/here`,
      env: {
        PATH: `${this.folder}/bin:${Deno.env.get("PATH")}`,
        XDG_CONFIG_HOME: `${this.folder}/config`,
        HOME: this.folder,
        TERM: "dumb",
      },
      signal: AbortSignal.timeout(20_000),
    }).output();
    const decoder = new TextDecoder();
    const offered = decoder.decode(output.stdout).split("\x01").slice(1);
    // fish says what each is for behind a tab, zsh names each form that it has found twice
    const words = offered.map((offer) => offer.replace(/[\t\r\n].*$/s, "")).filter((word) => word !== "");
    return [...new Set(words)].sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** `-p`, `--port`: every form of every option of the table. */
function formsOf(program: Described<Table>): string[] {
  return [...allOptions(program)].filter(([, row]) => row.takes !== "rest").flatMap(([name, row]) => [
    `--${name}`,
    ...[...row.letters ?? ""].map((letter) => `-${letter}`),
  ]).sort();
}

for (const shell of SHELLS) {
  const missing = await new Deno.Command(shell, { args: ["--version"], stdout: "null" }).output()
    .then(() => undefined, (error) => `${shell} cannot be run: ${error.message}`);
  const test = (claim: string, fn: (machine: Machine) => Promise<void>): void => {
    Deno.test({
      name: missing === undefined ? `${shell} ${claim}` : `${shell} ${claim} (skipped: ${missing})`,
      ignore: missing !== undefined,
      fn: async () => {
        await using machine = await Machine.create();
        await fn(machine);
      },
    });
  };

  test("offers every option of the table, and no other", async (machine) => {
    for (const program of PROGRAMS) {
      assertEquals(await machine.offers(shell, `${program.name} -`), formsOf(program), program.name);
    }
    assertEquals(await machine.offers(shell, "publisher -q --prot"), ["--protocol"]);
  });

  test("offers the words of a choice, behind a blank and behind =", async (machine) => {
    const words = ["block", "disconnect", "drop-new", "drop-old", "latest"];
    assertEquals(await machine.offers(shell, "subscriber --slow "), words);
    const behind = await machine.offers(shell, "subscriber --slow=drop");
    assertEquals(behind.map((word) => word.replace(/^--slow=/, "")), ["drop-new", "drop-old"]);
    assertEquals(await machine.offers(shell, "broker --sync "), ["commit", "interval"]);
    const beginnings = ["beginning", "earliest", "end", "latest", "now"];
    assertEquals(await machine.offers(shell, "subscriber --from "), beginnings);
    assertEquals(await machine.offers(shell, "subscriber -o "), beginnings);
  });

  test("offers files and folders where they are taken, and nothing for free text", async (machine) => {
    const files = await machine.offers(shell, "publisher -f ");
    assertEquals(files.map((file) => file.replace(/\/$/, "").replace("\\ ", " ")), ["a file.cmd", "sub"]);
    const folders = await machine.offers(shell, "broker --data ");
    assertEquals(folders.map((folder) => folder.replace(/\/$/, "")), ["sub"]);
    for (const line of ["publisher -m ", "publisher --host ", "subscriber --count "]) {
      assertEquals(await machine.offers(shell, line), [], line);
    }
  });

  test("offers commands behind --, and then what they take", async (machine) => {
    const line = "subscriber -t jobs -G g --ack exec -- ";
    const commands = await machine.offers(shell, `${line}publish`);
    assertEquals(commands, ["publisher"]);
    const files = await machine.offers(shell, `${line}cat s`);
    assertEquals(files.map((file) => file.replace(/\/$/, "")), ["sub"]);
    assertEquals(await machine.offers(shell, "subscriber --ack "), ["auto", "exec", "explicit"]);
  });

  test("offers the saved connections by name, and none where the file is wrong", async (machine) => {
    const path = `${machine.folder}/config/hashbus/config.toml`;
    await Deno.writeTextFile(path, '[context.prod]\nurl = "hashbus://h"\n[context.pre]\n[context.test]\n');
    assertEquals(await machine.offers(shell, "publisher --context p"), ["pre", "prod"]);
    assertEquals(await machine.offers(shell, "subscriber --context "), ["pre", "prod", "test"]);
    await Deno.writeTextFile(path, "[");
    assertEquals(await machine.offers(shell, "subscriber --context "), []);
  });
}

Deno.test("a script begins with how it is installed", async () => {
  for (const shell of SHELLS) {
    const { stdout } = await run("publisher", ["completions", shell]);
    assertMatch(stdout, new RegExp(`^(?:#.*\\n)+#     publisher completions ${shell} > `));
  }
});

Deno.test("an unknown shell is one line that names those there are, exit 2", async () => {
  for (
    const [words, told] of [
      [["tcsh"], 'completions are for bash, zsh, fish, not "tcsh"'],
      [[], "completions need a shell, one of bash, zsh, fish: broker completions bash"],
      [["contexts"], 'completions are for bash, zsh, fish, not "contexts"'],
      [["bash", "zsh"], 'completions are for one shell at a time, "zsh" is one word too many'],
    ] as const
  ) {
    const ended = await run("broker", ["completions", ...words]);
    assertEquals(ended, { code: 2, stdout: "", stderr: `broker: ${told}\n` });
  }
});
