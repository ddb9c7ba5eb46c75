/** A place for the data of a test, and the broker that does one thing with it. */
import { type Ended, run, type StartOptions } from "../cli/run_program.ts";

/** A folder of a test's own, gone with it. */
export class Place implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "hashbus-data-" });
  readonly data = `${this.path}/data`;

  /** A file in it. */
  file(name: string, text = ""): string {
    const path = `${this.path}/${name}`;
    if (text !== "") Deno.writeTextFileSync(path, text);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** Runs a broker that does one thing with the data. */
export async function broker(
  data: string,
  args: readonly string[],
  options: StartOptions = {},
): Promise<Ended> {
  return await run("broker", ["--data", data, ...args], options);
}

/** Every file below a directory with its bytes and rights. */
export async function contents(path: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const { mode, isDirectory } = Deno.statSync(path);
  files.set(path, `${mode}`);
  if (!isDirectory) {
    const hash = await crypto.subtle.digest("SHA-256", Deno.readFileSync(path));
    return files.set(path, `${mode} ${new Uint8Array(hash).toHex()}`);
  }
  for (const { name } of Deno.readDirSync(path)) {
    for (const [file, hash] of await contents(`${path}/${name}`)) files.set(file, hash);
  }
  return files;
}

/** Messages as lines of JSON. */
export function lines(...messages: readonly Record<string, unknown>[]): string {
  return messages.map((message) => `${JSON.stringify(message)}\n`).join("");
}

/** A few messages, as lines of JSON. */
export const SOME = lines(
  { topic: "#a", payload: "one", time: "2026-01-31T09:00:00Z" },
  {
    topic: "#b.c",
    payload: "two\nlines",
    time: "2026-01-31T09:00:00.500Z",
    headers: { trace: "a b" },
    key: "k",
  },
  { topic: "#a", payload_base64: "/wA=", time: "2026-01-31T09:00:01+00:00", id: "7", reply: "#r", ttl: 60 },
);

/** Any two free ports. */
export const SERVE = ["-s", "0", "-p", "0"];
