/**
 * Bodies that are kept in memory, of requests and of answers: bounded, each and all together.
 *
 * @module
 */
import { countOf } from "../text.ts";
import { BODIES_BYTES_MOST, BODY_MS } from "./limits.ts";
import { Problem } from "./problem.ts";

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
  async read(request: Request, most: number): Promise<Body> {
    if (Number(request.headers.get("content-length")) > most) throw tooLong(most);
    const holding = this.holding();
    try {
      const chunks = await within(BODY_MS, chunksOf(request, { most, holding }));
      const bytes = new Uint8Array(holding.bytes);
      let at = 0;
      for (const chunk of chunks) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return { bytes, [Symbol.dispose]: holding[Symbol.dispose] };
    } catch (error) {
      holding[Symbol.dispose]();
      throw error;
    }
  }
}

async function chunksOf(
  request: Request,
  { most, holding }: { readonly most: number; readonly holding: Holding },
): Promise<readonly Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request.body ?? []) {
    if (holding.bytes + chunk.length > most) throw tooLong(most);
    holding.set(holding.bytes + chunk.length);
    chunks.push(chunk);
  }
  return chunks;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Problem(408, "BAD_REQUEST", "the body came too slowly", { headers: CLOSE })),
    ms,
  );
  try {
    return await Promise.race([work, late]);
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
