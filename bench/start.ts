/**
 * Starts brokers and finds out whether they are there.
 *
 * @module
 */
import { Program, type ProgramOptions } from "../scripts/program.ts";

/** A broker that listens. */
export interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly publisherPort: number;
  readonly subscriberPort: number;
}

/** Where everything listens. */
export const HOST = "127.0.0.1";
/** The folder of the project. */
export const ROOT = `${import.meta.dirname}/../`;
/** Starts the broker of this tree. */
export const OWN_BROKER = `${Deno.execPath()} run -A ${ROOT}broker.ts`;

const READY = /ready: subscribers \S+:(\d+), publishers \S+:(\d+)/;

/** Starts a broker of ours, or who says the same. */
export async function startByReadyLine(
  command: readonly string[],
  options: Pick<ProgramOptions, "after"> = {},
): Promise<Running> {
  const program = Program.start(command, { ...options, cwd: ROOT, env: { NO_COLOR: "1" } });
  try {
    const [, subscriberPort, publisherPort] = await program.line(READY);
    return Object.assign(program, {
      publisherPort: Number(publisherPort),
      subscriberPort: Number(subscriberPort),
    });
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** Starts a program that reads a file of settings, which lies in a folder of its own as long as it runs. */
export async function startWithFile(
  file: { readonly name: string; readonly text: string; readonly place?: string },
  command: (path: string) => readonly string[],
  port: number,
): Promise<Running> {
  const folder = await Deno.makeTempDir({
    prefix: "hashbus-bench-",
    ...(file.place === undefined ? {} : { dir: file.place }),
  });
  const path = `${folder}/${file.name}`;
  await Deno.writeTextFile(path, file.text);
  // mosquitto gives up root for a user of its own before it reads
  await Deno.chmod(folder, 0o755);
  const after = (): Promise<void> => Deno.remove(folder, { recursive: true });
  let program: Program;
  try {
    program = Program.start(command(path), { cwd: folder, after });
  } catch (error) {
    await after();
    throw error;
  }
  try {
    await listening(port, program);
    return Object.assign(program, { publisherPort: port, subscriberPort: port });
  } catch (error) {
    await program.stop();
    throw error;
  }
}

/** Resolves when somebody accepts on the port. These programs print no line that says so, so one has to ask. */
async function listening(port: number, program: Program): Promise<void> {
  const deadline = performance.now() + 10_000;
  let over = false;
  program.ended.then(() => over = true);
  while (performance.now() < deadline && !over) {
    try {
      const connection = await Deno.connect({ hostname: HOST, port });
      connection.close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((done) => setTimeout(done, 20));
    }
  }
  throw program.failure(`does not listen on port ${port}`);
}

/** A command as its words. */
export function wordsOf(command: string): readonly string[] {
  return command.split(/\s+/).filter((word) => word !== "");
}

/** What a broker of ours says it is, and how it is started; `null` where it is not there. */
export async function versionOf(words: readonly string[]): Promise<string | null> {
  const said = await firstLine([...words, "--version"]);
  return said === null ? null : `${said} (${words.join(" ").replaceAll(ROOT, "")})`;
}

/** A port nobody has at the moment. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

/** The first line a program prints, or `null` where it is not installed. */
export async function firstLine(command: readonly string[]): Promise<string | null> {
  const [executable = "", ...args] = command;
  try {
    const { stdout, stderr } = await new Deno.Command(executable, { args, stdin: "null" }).output();
    const said = new TextDecoder().decode(stdout.length > 0 ? stdout : stderr);
    return said.split("\n")[0]?.trim() ?? "";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
