/**
 * Stand-ins for what is written to: they keep what comes.
 *
 * @module
 */
import type { Arrived } from "../../../lib/cli/messages/message.ts";
import { Output, type OutputTarget } from "../../../lib/cli/output/output.ts";

/** More than any test writes. */
const WRITES_MOST = 100_000;

/** A target that keeps every write. */
export class Collected implements OutputTarget {
  readonly writes: Uint8Array[] = [];

  write(bytes: Uint8Array): Promise<number> {
    if (this.writes.length === WRITES_MOST) throw new Error("it is written without an end");
    this.writes.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.writes.flatMap((bytes) => [...bytes]));
  }

  get text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(this.bytes);
  }
}

/** What is put by `put`, written out. */
export async function written(put: (out: Output) => void): Promise<Collected> {
  const target = new Collected();
  const out = new Output(target);
  put(out);
  await out.flush();
  return target;
}

/** A message as it arrives. */
export function message(topic: string, payload: string | Uint8Array): Arrived {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return { topic, payload: bytes, text: new TextDecoder().decode(bytes) };
}

/** Nobody reads what is written any more, or it cannot be written for another reason. */
export class Broken extends Collected {
  readonly #why: Error;

  constructor(why: Error = new Deno.errors.BrokenPipe("nobody reads")) {
    super();
    this.#why = why;
  }

  override write(): Promise<number> {
    return Promise.reject(this.#why);
  }
}

/** Takes what is written when it is told to. */
export class Held extends Collected {
  readonly taken = Promise.withResolvers<void>();

  override async write(bytes: Uint8Array): Promise<number> {
    await this.taken.promise;
    return await super.write(bytes);
  }
}
