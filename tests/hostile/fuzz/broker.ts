/**
 * The broker that is attacked: a process, what it says of itself, and what the system says of it.
 *
 * @module
 */
import { usersFile } from "../accounts.ts";
import { TestIssuer } from "../../support/certificates.ts";
import { type RunningBroker, startBroker } from "../../support/broker.ts";

/** What a broker must never say of itself. */
const DEFECT = /^.*(internal error|Uncaught|panicked|TypeError|RangeError|ReferenceError).*$/m;
const SAMPLE_MS = 50;

/** A certificate of this issuer's, as options. */
async function pairIn(issuer: TestIssuer): Promise<readonly string[]> {
  const { certificate, key } = await issuer.issue();
  const [certificatePath, keyPath] = [`${issuer.folder}/broker.crt`, `${issuer.folder}/broker.key`];
  await Deno.writeTextFile(certificatePath, certificate);
  await Deno.writeTextFile(keyPath, key, { mode: 0o600 });
  return ["--tls-cert", certificatePath, "--tls-key", keyPath];
}

export class FuzzedBroker {
  readonly subPort: number;
  readonly pubPort: number;
  readonly httpPort: number;
  /** Whether one has to log in. */
  readonly accounts: boolean;
  /** Who issued its certificate, PEM; undefined: it speaks plain text. */
  readonly issuer: string | undefined;
  readonly #program: RunningBroker;
  #ended: string | undefined;
  #stopping = false;

  private constructor(
    program: RunningBroker,
    { accounts, issuer }: { readonly accounts: boolean; readonly issuer: string | undefined },
  ) {
    this.accounts = accounts;
    this.issuer = issuer;
    this.#program = program;
    this.subPort = program.subPort;
    this.pubPort = program.pubPort;
    this.httpPort = Number(/, http \S+?:(\d+)/.exec(program.stdout)?.[1]);
    void program.ended.then(({ code, signal }) => {
      if (!this.#stopping) this.#ended = `the broker has ended by itself (${signal ?? code})`;
    });
  }

  static async start(
    { accounts, tls = false }: { readonly accounts: boolean; readonly tls?: boolean | undefined },
  ): Promise<FuzzedBroker> {
    const issuer = tls ? await TestIssuer.make() : undefined;
    const pair = issuer === undefined ? [] : await pairIn(issuer);
    const data = await Deno.makeTempDir({ prefix: "hashbus-fuzz-" });
    const users = accounts ? await usersFile() : undefined;
    const args = [
      ["--data", data],
      ["--durable", "#d.>"],
      ["--sync", "interval"],
      ["--retain-bytes", "64MiB"],
      ["--max-line", "4KiB"],
      ["--max-payload", "16KiB"],
      ["--stall-timeout", "2s"],
      ["--http", "0"],
      users === undefined ? [] : ["--users", users],
      pair,
    ].flat();
    const after = async (): Promise<void> => {
      await Deno.remove(data, { recursive: true });
      if (users !== undefined) await Deno.remove(users);
      await issuer?.[Symbol.asyncDispose]();
    };
    const program = await startBroker(args, { timeout: 30_000, after });
    return new FuzzedBroker(program, { accounts, issuer: issuer?.certificate });
  }

  get pid(): number {
    return this.#program.pid;
  }

  /** What is wrong with it; undefined: nothing. */
  get defect(): string | undefined {
    return DEFECT.exec(this.#program.stderr)?.[0] ?? this.#ended;
  }

  /** Bytes it holds now. */
  get memory(): number {
    try {
      const status = Deno.readTextFileSync(`/proc/${this.#program.pid}/status`);
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  /** Descriptors it has open. */
  get descriptors(): number {
    try {
      return [...Deno.readDirSync(`/proc/${this.#program.pid}/fd`)].length;
    } catch {
      return 0;
    }
  }

  /** Waits until it holds no more than that, for so long at most; what it holds then. */
  async quiet(
    { memory, descriptors, ms }: {
      readonly memory: number;
      readonly descriptors: number;
      readonly ms: number;
    },
  ): Promise<{ readonly memory: number; readonly descriptors: number }> {
    const until = performance.now() + ms;
    while ((this.memory > memory || this.descriptors > descriptors) && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
    // who is gone holds nothing, and has ended as soon as what it said last is read
    if (this.memory === 0) await this.#program.ended;
    return { memory: this.memory, descriptors: this.descriptors };
  }

  /** Its exit code. */
  async stop(): Promise<number> {
    this.#stopping = true;
    return (await this.#program.stop()).code;
  }
}
