/**
 * The broker that is tortured: the real process, its memory as the system sees it, its log, its end.
 *
 * @module
 */
import { type RunningBroker, startBroker } from "../../support/broker.ts";
import { Starved } from "./starved.ts";

const READY_WITHIN_MS = 30_000;
const SAMPLE_MS = 50;
/** More than this and it is killed: that is a finding, and others need the machine, too. */
const MOST_RSS = 3 * 1024 ** 3;

/** How it ended. */
export interface Ended {
  readonly code: number;
  /** From the signal on, milliseconds. */
  readonly ms: number;
}

export class Broker {
  readonly subPort: number;
  readonly pubPort: number;
  /** The greatest memory that was seen, since `forgetPeak`. */
  peak = 0;
  /** It was killed since it took more than there may be. */
  overgrown = false;
  over = false;
  /** What of its time the machine did not give it. */
  readonly starved: Starved;
  readonly #program: RunningBroker;

  private constructor(program: RunningBroker) {
    this.#program = program;
    this.subPort = program.subPort;
    this.pubPort = program.pubPort;
    const looking = Starved.of(program.pid);
    this.starved = looking.starved;
    const sampling = setInterval(() => this.#sample(), SAMPLE_MS);
    void program.ended.then(() => {
      this.over = true;
      clearInterval(sampling);
      looking.stop();
    });
  }

  /** Starts one on free ports and waits until it listens. */
  static async start(command: readonly string[], args: readonly string[]): Promise<Broker> {
    return new Broker(await startBroker(args, { command, timeout: READY_WITHIN_MS }));
  }

  get log(): string {
    return this.#program.stderr;
  }

  /** Bytes it holds now, 0 when it is over. */
  get rss(): number {
    try {
      const status = Deno.readTextFileSync(`/proc/${this.#program.pid}/status`);
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      return 0;
    }
  }

  forgetPeak(): void {
    this.peak = this.rss;
  }

  async kill(): Promise<void> {
    await this.#program.stop("SIGKILL");
  }

  /** SIGTERM; SIGKILL when it has not ended within so long. */
  async stop(withinMs: number): Promise<Ended> {
    const began = performance.now();
    const { code } = await this.#program.stop("SIGTERM", withinMs);
    return { code, ms: performance.now() - began };
  }

  #sample(): void {
    this.peak = Math.max(this.peak, this.rss);
    if (this.peak <= MOST_RSS || this.overgrown) return;
    this.overgrown = true;
    this.#program.kill("SIGKILL");
  }
}
