/**
 * Bodies that are kept in memory, of requests and of answers: bounded, each and all together.
 *
 * @module
 */
import { countOf } from "../text.ts";
import { Gathered } from "./gathered.ts";
import { BODIES_BYTES_MOST, BODY_MS } from "./limits.ts";
import { Pace } from "./pace.ts";
import { Problem } from "./problem.ts";

/** A body that comes, as a Request has it. */
export interface Coming {
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** A body that came; disposing lets go of it. */
export interface Body extends Disposable {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What one request makes be kept; disposing lets go of all of it. */
export interface Holding extends Disposable {
  readonly bytes: number;
  /** So many bytes now; once it is let go of, none. Throws Problem where all together are too many. */
  set(bytes: number): void;
}

/** Those of one server. */
export class Bodies {
  #held = 0;

  /** Counts what is kept for one request. */
  holding(): Holding {
    let bytes = 0;
    let isOver = false;
    const set = (now: number): void => {
      if (isOver) return;
      this.#held += now - bytes;
      bytes = now;
      // one alone may be as large as a payload
      if (this.#held > BODIES_BYTES_MOST && bytes > 0 && bytes < this.#held) throw busy();
    };
    return {
      get bytes(): number {
        return bytes;
      },
      set,
      [Symbol.dispose]: () => {
        set(0);
        isOver = true;
      },
    };
  }

  /** Reads a body to its end. Throws Problem where it is longer, or comes too slowly. */
  async read(coming: Coming, most: number): Promise<Body> {
    if (Number(coming.headers.get("content-length")) > most) throw tooLong(most);
    const holding = this.holding();
    try {
      const bytes = await within(BODY_MS, (late) => gather(coming, { most, holding, late }));
      return { bytes, [Symbol.dispose]: holding[Symbol.dispose] };
    } catch (error) {
      holding[Symbol.dispose]();
      throw error;
    }
  }
}

/** Stops, and keeps nothing, once it is late. */
async function gather(
  { body }: Coming,
  { most, holding, late }: {
    readonly most: number;
    readonly holding: Holding;
    readonly late: AbortSignal;
  },
): Promise<Uint8Array<ArrayBuffer>> {
  const gathered = new Gathered(holding, most);
  const pace = new Pace();
  for await (const chunk of body ?? []) {
    late.throwIfAborted();
    if (gathered.length + chunk.length > most) throw tooLong(most);
    gathered.add(chunk);
    if (pace.isOver) await pace.turn();
  }
  return gathered.bytes;
}

async function within<T>(ms: number, work: (late: AbortSignal) => Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const late = new AbortController();
  const timer = setTimeout(() => {
    reject(new Problem(408, "BAD_REQUEST", "the body came too slowly", { headers: CLOSE }));
    late.abort();
  }, ms);
  try {
    return await Promise.race([work(late.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Who goes on sending is not listened to. */
const CLOSE = { connection: "close" };

function tooLong(most: number): Problem {
  const text = `the body is longer than ${countOf(most, "byte")}, which a payload may have (--max-payload)`;
  return new Problem(413, "PAYLOAD_TOO_LARGE", text, { headers: CLOSE });
}

function busy(): Problem {
  const headers = { ...CLOSE, "retry-after": "1" };
  return new Problem(503, "BUSY", "too many bodies are on their way at once: try again", { headers });
}
