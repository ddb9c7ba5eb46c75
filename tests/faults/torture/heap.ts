/**
 * What a broker keeps beside what it only has not let go yet: its heap after a collection, asked for over the
 * runtime's inspector, and its memory of the system with what the C library had freed given back.
 *
 * @module
 */
import { delay } from "./honest.ts";

/** Bytes, after a collection. */
export interface Kept {
  /** Objects, and the buffers that they refer to. */
  readonly heap: number;
  /** What the process has of the system. */
  readonly rss: number;
}

const READY = /Debugger listening on (ws:\S+)/;
const ANSWER_WITHIN_MS = 30_000;
/** Buffers go when the objects have gone that had them, and both a moment behind their collection. */
const COLLECTIONS = 2;
const SWEEP_MS = 150;
const TRIM =
  `Deno.dlopen("libc.so.6", { malloc_trim: { parameters: ["usize"], result: "i32" } }).symbols.malloc_trim(0n)`;

/** The arguments of `deno` with which it can be asked; undefined where this command is not `deno run`. */
export function inspected(command: readonly string[]): readonly string[] | undefined {
  const at = command.indexOf("run");
  if (at < 0) return undefined;
  const rest = command.slice(at + 1).filter((argument) => argument !== "--quiet");
  return [...command.slice(0, at + 1), "--inspect=127.0.0.1:0", ...rest];
}

/** A running broker that was started as {@link inspected} says. */
export class BrokerHeap {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: Record<string, number>) => void>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }): void => {
      const { id, result = {} } = JSON.parse(data);
      this.#answers.get(id)?.(result);
      this.#answers.delete(id);
    };
  }

  /** `log`: what the broker said so far on its standard error. */
  static async connect(log: string): Promise<BrokerHeap> {
    const address = READY.exec(log)?.[1];
    if (address === undefined) {
      throw new Error(`the runtime does not say where to ask it: ${log.slice(0, 200)}`);
    }
    const socket = new WebSocket(address);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = (): void => resolve();
      socket.onerror = (): void => reject(new Error(`nobody answers at ${address}`));
    });
    return new BrokerHeap(socket);
  }

  /** Collects, and says what is left; the broker stands still meanwhile. */
  async kept(rss: () => number): Promise<Kept> {
    for (let many = 0; many < COLLECTIONS; many++) {
      await this.#ask("HeapProfiler.collectGarbage");
      await delay(SWEEP_MS);
    }
    await this.#ask("Runtime.evaluate", { expression: TRIM });
    const { usedSize = 0, backingStorageSize = 0 } = await this.#ask("Runtime.getHeapUsage");
    return { heap: usedSize + backingStorageSize, rss: rss() };
  }

  close(): void {
    this.#socket.close();
  }

  async #ask(
    method: string,
    params: Readonly<Record<string, unknown>> = {},
  ): Promise<Record<string, number>> {
    const id = ++this.#asked;
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, number>>();
    this.#answers.set(id, resolve);
    const late = setTimeout(() => reject(new Error(`no answer to ${method}`)), ANSWER_WITHIN_MS);
    this.#socket.send(JSON.stringify({ id, method, params }));
    try {
      return await promise;
    } finally {
      clearTimeout(late);
    }
  }
}
