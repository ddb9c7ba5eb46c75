/**
 * What a process asked of the system, as strace wrote it down.
 *
 *     17556 pwrite64(31</tmp/d/hashbus.db-wal>, "\0\0\0\6…", 24, 229744) = 24
 *     17556 fsync(31</tmp/d/hashbus.db-wal> <unfinished ...>
 *     17544 sendto(43<TCP:[127.0.0.1:43433->127.0.0.1:46102]>, "OK\n", 3, MSG_NOSIGNAL, NULL, 0) = 3
 *     17556 <... fsync resumed>)              = 0
 *
 * The order of the lines is the order of what happened: a call does nothing before strace has noted that it
 * begins, and its thread does nothing before strace has noted that it returned.
 *
 * @module
 */

/** A call, of which `result` is known when it has returned. */
export interface Call {
  readonly thread: number;
  readonly name: string;
  /** What its first argument is open on: a path, or `TCP:[local->peer]`. */
  readonly on: string;
  /** What it was given to write, a character a byte. */
  readonly data: string;
  result: number | undefined;
}

/** A call begins, or has returned. */
export interface Moment {
  readonly kind: "begins" | "returned";
  readonly call: Call;
}

/** Why strace cannot be used here, or undefined. */
export async function straceProblem(): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command("strace", {
      args: ["-f", "-qq", "-o", "/dev/null", "true"],
    })
      .output();
    return success ? undefined : `strace is not allowed here: ${new TextDecoder().decode(stderr).trim()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "strace is not installed";
    throw error;
  }
}

/**
 * The command that runs another and writes its calls to a file. The process that is started is the command
 * itself (-D), so signals reach it; strings are kept whole.
 */
export function traced(command: readonly string[], { calls, output }: TraceOptions): string[] {
  const options = [
    "-D",
    "-f",
    "-qq",
    "-yy",
    "--seccomp-bpf",
    "-s",
    "4194304",
    "-e",
    `trace=${calls.join(",")}`,
  ];
  return ["strace", ...options, "-o", output, ...command];
}

/** What is traced, and where to. */
export interface TraceOptions {
  readonly calls: readonly string[];
  readonly output: string;
}

const BEGINS = /^(\d+) +(\w+)\(\d+<((?:->|[^>])*)>/;
const RETURNED = /\) += (-?\d+)(?:<[^>]*>)?(?: [A-Z]+ \([^)]*\))?(?: \(INJECTED\))?$/;
const RESUMED = /^(\d+) +<\.\.\. (\w+) resumed>/;

/** Reads a trace; what is not a call on a descriptor (signals, threads that end) is passed over. */
export function* momentsOf(lines: Iterable<string>): Generator<Moment> {
  const unfinished = new Map<number, Call>();
  for (const line of lines) {
    const resumed = RESUMED.exec(line);
    if (resumed !== null) {
      const thread = Number(resumed[1]);
      const call = unfinished.get(thread);
      unfinished.delete(thread);
      if (call === undefined) continue;
      if (call.name !== resumed[2]) {
        throw new Error(`${call.name} was begun and ${resumed[2]} returned: ${line}`);
      }
      call.result = resultOf(line);
      yield { kind: "returned", call };
      continue;
    }
    const begins = BEGINS.exec(line);
    if (begins === null) continue;
    const [, thread, name = "", on = ""] = begins;
    const call: Call = { thread: Number(thread), name, on, data: stringsOf(line), result: undefined };
    yield { kind: "begins", call };
    if (line.endsWith("<unfinished ...>")) {
      unfinished.set(call.thread, call);
      continue;
    }
    call.result = resultOf(line);
    yield { kind: "returned", call };
  }
}

function resultOf(line: string): number {
  const match = RETURNED.exec(line.slice(-300));
  // a thread that was killed in a call never learns what became of it
  if (match === null && line.endsWith("= ?")) return -1;
  if (match === null) throw new Error(`a call without a result: ${line.slice(0, 100)} … ${line.slice(-100)}`);
  return Number(match[1]);
}

const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-f]{2})|(.))/g;
const NAMED: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  v: "\v",
  f: "\f",
  a: "\x07",
  b: "\b",
};

/** All strings of a line, one after the other: the pieces of a writev are one write. */
function stringsOf(line: string): string {
  let text = "";
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at)) {
    const start = at + 1;
    at = start;
    while (line[at] !== '"') {
      if (at >= line.length) throw new Error(`a string without an end: ${line.slice(0, 100)}`);
      at += line[at] === "\\" ? 2 : 1;
    }
    if (line.startsWith("...", at + 1)) throw new Error(`a string was cut: ${line.slice(0, 100)}`);
    text += unescaped(line.slice(start, at));
    at++;
  }
  return text;
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(ESCAPE, (_, octal?: string, hex?: string, named?: string) => {
    if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8));
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    return NAMED[named ?? ""] ?? named ?? "";
  });
}
