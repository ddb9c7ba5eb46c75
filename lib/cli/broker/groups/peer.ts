/**
 * One who talks to a broker in the same process, in protocol 2.
 *
 * @module
 */
import { type Broker, type Listener, UNLIMITED } from "../../../broker/mod.ts";
import { memoryPair } from "../../../broker/memory_pair.ts";
import { RunError } from "../../../errors.ts";
import { FrameClientDecoder, FrameFound } from "../../../protocols/frames/client_decoder.ts";

const HELLO = "OK_2\n";
const READ_BYTES = 64 * 1024;

/** A connection to a broker. What it finds is in `frame`, until the next call. */
export class Peer {
  readonly frame = new FrameClientDecoder();
  readonly #end: ReturnType<typeof memoryPair>[number];
  readonly #served: Promise<void>;

  private constructor(end: ReturnType<typeof memoryPair>[number], served: Promise<void>) {
    this.#end = end;
    this.#served = served;
  }

  /** Connects by a listener as one who may do everything: the store is its owner's, whatever accounts say. */
  static async open(broker: Pick<Broker, "serve">, listener: Listener): Promise<Peer> {
    const [own, theirs] = memoryPair();
    const peer = new Peer(own, broker.serve(theirs, { listener, grant: UNLIMITED }));
    await peer.#hello();
    return peer;
  }

  async send(pieces: readonly (string | Uint8Array)[]): Promise<void> {
    const bytes = new Uint8Array(
      await new Blob(pieces as (string | Uint8Array<ArrayBuffer>)[]).arrayBuffer(),
    );
    for (let at = 0; at < bytes.length;) at += await this.#end.write(bytes.subarray(at)).catch(ends);
  }

  /** What came, one after another; Nothing: all that there is for now has been found. */
  found(): FrameFound {
    const found = this.frame.next();
    if (found === FrameFound.Broken) throw new RunError(`the broker broke protocol 2: ${this.frame.problem}`);
    return found;
  }

  /** Waits for more to be found. */
  async more(): Promise<void> {
    this.frame.push(await this.#read());
  }

  async close(): Promise<void> {
    this.#end.close();
    await this.#served;
  }

  async #hello(): Promise<void> {
    await this.send(["redrive hello 2\n"]);
    let text = new Uint8Array(0);
    while (text.length < HELLO.length) {
      const read = await this.#read();
      const joined = new Uint8Array(text.length + read.length);
      joined.set(text);
      joined.set(read, text.length);
      text = joined;
    }
    const answer = new TextDecoder().decode(text.subarray(0, HELLO.length));
    if (answer !== HELLO) throw new RunError(`the broker does not let anybody in now: ${answer.trimEnd()}`);
    this.frame.push(text.subarray(HELLO.length));
  }

  async #read(): Promise<Uint8Array> {
    const buffer = new Uint8Array(READ_BYTES);
    const read = await this.#end.read(buffer).catch(() => null);
    return read === null ? ends() : buffer.subarray(0, read);
  }
}

function ends(): never {
  throw new RunError("the broker ends");
}
