/**
 * A person's desk: a shell in a folder, with the clients of hashbus (or Mosquitto's) in its path, and a broker that they
 * find by themselves.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Broker, listenersOn } from "../../../lib/broker/mod.ts";
import { Program } from "../../../scripts/program.ts";
import { commandOf } from "../../cli/run_program.ts";
import { startBroker } from "../../support/broker.ts";
import { freePort } from "../../support/ports.ts";

/** Whose commands are typed here. */
export type Tool = "hashbus" | "Mosquitto";

/** The broker that the commands talk to. */
interface DeskBroker extends AsyncDisposable {
  /** Options of the environment by which the clients find it. */
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when so many subscriptions are there. */
  subscribed(count: number): Promise<void>;
}

/** How often is looked whether something has come about, milliseconds. */
const LOOK_MS = 10;
const PATIENCE_MS = 30_000;

/** `await using` puts everything away. */
export class Desk implements AsyncDisposable {
  readonly tool: Tool;
  readonly folder: string;
  readonly #broker: DeskBroker;
  readonly #started: Program[] = [];
  #subscriptions = 0;

  private constructor(
    tool: Tool,
    { folder, broker }: { readonly folder: string; readonly broker: DeskBroker },
  ) {
    this.tool = tool;
    this.folder = folder;
    this.#broker = broker;
  }

  /** Why Mosquitto's commands cannot be tried here; undefined: they can. */
  static async mosquittoMissing(): Promise<string | undefined> {
    for (const name of ["mosquitto", "mosquitto_pub"]) {
      try {
        await new Deno.Command(name, { args: ["--help"], stdout: "null", stderr: "null" }).output();
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return `there is no ${name}`;
        throw error;
      }
    }
    return undefined;
  }

  static async open(tool: Tool): Promise<Desk> {
    const folder = await Deno.makeTempDir({ prefix: "hashbus-desk-" });
    const broker = tool === "hashbus" ? await openOurs(folder) : await openMosquitto(folder);
    return new Desk(tool, { folder, broker });
  }

  /** Writes a file into the folder. */
  async file(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await Deno.writeFile(`${this.folder}/${name}`, bytes);
  }

  /** Types a command; it runs until it ends or the desk is left. */
  type(command: string): Program {
    // what runs beside it would outlive the shell, and hold on to its output
    const beside = command.includes("&");
    const script = beside ? `trap 'kill $!' TERM; ${command}` : command;
    const program = Program.start(["sh", "-c", script], {
      name: command,
      cwd: this.folder,
      env: this.#broker.env,
      stopSignal: beside ? "SIGTERM" : "SIGKILL",
    });
    this.#started.push(program);
    return program;
  }

  /** Types a command that ends well by itself: what it printed. */
  async run(command: string, { code = 0 }: { readonly code?: number } = {}): Promise<string> {
    const program = this.type(command);
    const ended = await program.ended;
    assertEquals(ended.code, code, `${command}: ${program.stderr}`);
    return program.stdout;
  }

  /** Types a command that subscribes, and waits until it is. */
  async subscribe(command: string): Promise<Program> {
    // the shell gives its place to the command, which so gets the signals
    const program = this.type(command.includes("&") ? command : `exec ${command}`);
    await this.#broker.subscribed(++this.#subscriptions);
    return program;
  }

  /** Publishes with the tool's own program. */
  async publish(topic: string, text: string): Promise<void> {
    await this.run(`${this.tool === "hashbus" ? "publisher" : "mosquitto_pub"} -t ${topic} -m '${text}'`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#started) await program.stop();
    await this.#broker[Symbol.asyncDispose]();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A durable broker that is killed and started again on the same ports. */
export class MortalBroker implements AsyncDisposable {
  readonly #args: readonly string[];
  #broker: AsyncDisposable & { stop(signal?: Deno.Signal): Promise<unknown> };
  /** By which the clients find it. */
  readonly url: string;

  private constructor(
    broker: AsyncDisposable & { stop(signal?: Deno.Signal): Promise<unknown> },
    { args, url }: { readonly args: readonly string[]; readonly url: string },
  ) {
    this.#broker = broker;
    this.#args = args;
    this.url = url;
  }

  static async start(data: string): Promise<MortalBroker> {
    const broker = await startBroker(["--data", data]);
    const { pubPort, subPort } = broker;
    const args = ["--data", data, "-p", `${pubPort}`, "-s", `${subPort}`];
    return new MortalBroker(broker, { args, url: `hashbus://127.0.0.1:${pubPort}?sub-port=${subPort}` });
  }

  async kill(): Promise<void> {
    await this.#broker.stop("SIGKILL");
  }

  async restart(): Promise<void> {
    this.#broker = await startBroker(this.#args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#broker[Symbol.asyncDispose]();
  }
}

/** The two clients as commands in a folder of the path. */
async function putClients(folder: string): Promise<string> {
  await Deno.mkdir(`${folder}/bin`);
  for (const name of ["publisher", "subscriber"] as const) {
    const words = commandOf(name).map((word) => `'${word}'`).join(" ");
    await Deno.writeTextFile(`${folder}/bin/${name}`, `#!/bin/sh\nexec ${words} "$@"\n`, { mode: 0o755 });
  }
  return `${folder}/bin:${Deno.env.get("PATH")}`;
}

async function openOurs(folder: string): Promise<DeskBroker> {
  const broker = await Broker.open({ data: `${folder}/data` });
  const [subscribers, publishers] = broker.listen(listenersOn({ subPort: 0, pubPort: 0 }));
  const ports = { sub: subscribers?.address.port, pub: publishers?.address.port };
  return {
    env: {
      PATH: await putClients(folder),
      HASHBUS_URL: `hashbus://127.0.0.1:${ports.pub}?sub-port=${ports.sub}`,
      XDG_CONFIG_HOME: `${folder}/config`,
      XDG_STATE_HOME: `${folder}/state`,
      NO_COLOR: "1",
    },
    subscribed: (count) => come(() => broker.snapshot().subscriptions >= count, "a subscription"),
    [Symbol.asyncDispose]: () => broker.close(),
  };
}

async function openMosquitto(folder: string): Promise<DeskBroker> {
  const port = freePort();
  await Deno.writeTextFile(`${folder}/broker.conf`, `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
  // its clients read their options from files of their names
  await Deno.mkdir(`${folder}/config`);
  for (const name of ["mosquitto_pub", "mosquitto_sub"]) {
    await Deno.writeTextFile(`${folder}/config/${name}`, `-p ${port}\n`);
  }
  const broker = Program.start(["mosquitto", "-v", "-c", `${folder}/broker.conf`]);
  await broker.see(/ running/, { on: "stderr" });
  return {
    env: { XDG_CONFIG_HOME: `${folder}/config` },
    subscribed: async (count) => {
      await broker.see(new RegExp(`(?:Sending SUBACK[^]*?){${count}}`), { on: "stderr" });
    },
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

/** Waits until it is so. */
async function come(isSo: () => boolean, what: string): Promise<void> {
  for (const until = performance.now() + PATIENCE_MS; !isSo();) {
    if (performance.now() > until) throw new Error(`${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
