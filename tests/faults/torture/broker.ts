/**
 * The broker that is tortured: the real process, its memory as the system sees it, its log, its end.
 *
 * @module
 */

const decoder = new TextDecoder();
const READY = /^broker ready: subscribers \S+:(\d+), publishers \S+:(\d+)/m;
const READY_WITHIN_MS = 30_000;
const SAMPLE_MS = 50;
/** More than this and it is killed: that is a finding, and the machine is used by others, too. */
const MOST_RSS = 3 * 1024 ** 3;
const LOG_KEPT = 200_000;

/** How it ended. */
export interface Ended {
  readonly code: number;
  /** From the signal on, milliseconds. */
  readonly ms: number;
}

export class Broker {
  subPort = 0;
  pubPort = 0;
  /** The greatest memory that was seen, since `forgetPeak`. */
  peak = 0;
  /** It was killed since it took all there is. */
  overgrown = false;
  log = "";
  readonly #child: Deno.ChildProcess;
  readonly #status: Promise<Deno.CommandStatus>;
  #over = false;
  #sampling: ReturnType<typeof setInterval> | undefined;

  private constructor(command: readonly string[], args: readonly string[]) {
    const [program = Deno.execPath(), ...first] = command;
    this.#child = new Deno.Command(program, {
      args: [...first, "-s", "0", "-p", "0", ...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#status = this.#child.status.then((status) => {
      this.#over = true;
      clearInterval(this.#sampling);
      return status;
    });
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  /** Starts one on free ports and waits until it listens. */
  static async start(command: readonly string[], args: readonly string[]): Promise<Broker> {
    const broker = new Broker(command, args);
    const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
    void broker.#listen(broker.#child.stdout, (text) => {
      const ready = READY.exec(text);
      if (ready !== null) resolve(ready);
    });
    void broker.#listen(broker.#child.stderr, () => {
      broker.log = broker.log.slice(-LOG_KEPT);
    });
    const late = setTimeout(() => reject(new Error("the broker is not ready after 30 s")), READY_WITHIN_MS);
    broker.#status.then(({ code }) => reject(new Error(`the broker ended with ${code}: ${broker.log}`)));
    try {
      const [, subPort, pubPort] = await promise;
      broker.subPort = Number(subPort);
      broker.pubPort = Number(pubPort);
      return broker;
    } catch (error) {
      await broker.kill();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  get over(): boolean {
    return this.#over;
  }

  /** Bytes it holds now, 0 when it is over. */
  get rss(): number {
    try {
      const status = Deno.readTextFileSync(`/proc/${this.#child.pid}/status`);
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  forgetPeak(): void {
    this.peak = this.rss;
  }

  async kill(): Promise<void> {
    await this.#signal("SIGKILL");
  }

  /** SIGTERM; SIGKILL when it has not ended within so long. */
  async stop(withinMs: number): Promise<Ended> {
    const began = performance.now();
    const late = setTimeout(() => void this.#signal("SIGKILL"), withinMs);
    const code = await this.#signal("SIGTERM");
    clearTimeout(late);
    return { code, ms: performance.now() - began };
  }

  async #signal(signal: Deno.Signal): Promise<number> {
    try {
      if (!this.#over) this.#child.kill(signal);
    } catch { /* it is over */ }
    return (await this.#status).code;
  }

  #sample(): void {
    this.peak = Math.max(this.peak, this.rss);
    if (this.peak <= MOST_RSS || this.overgrown) return;
    this.overgrown = true;
    void this.kill();
  }

  async #listen(stream: ReadableStream<Uint8Array>, told: (all: string) => void): Promise<void> {
    let out = "";
    for await (const chunk of stream) {
      const text = decoder.decode(chunk);
      if (stream === this.#child.stderr) this.log += text;
      else out = (out + text).slice(-LOG_KEPT);
      told(out);
    }
  }
}
