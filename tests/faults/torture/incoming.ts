/**
 * What a broker says, taken apart by the shortest means there are and by nothing of lib/, so that a defect
 * there cannot hide itself.
 *
 * @module
 */

const LF = 10;
const NOTHING: Said = { fields: "", attempt: 1 };
const decoder = new TextDecoder();

/** What else is said of a delivery. */
export interface Said {
  /** Its fields as they came, behind the length. */
  readonly fields: string;
  /** Of its batch: how often it has been given out with this time. */
  readonly attempt: number;
}

/** Who is told what came. */
export interface Heard {
  /** A line that is no delivery, without its LF: a reply, `gap`, `info`, `bye`. */
  line(line: string): void;
  /** A delivery. `payload` holds until this returns; `seq` where it came in a batch. */
  message(topic: string, payload: Uint8Array, seq: number | undefined, said: Said): void;
}

/** Bytes in, lines and deliveries out; v2 from the line `OK_2` on. Throws at what is no language of ours. */
export class Incoming {
  readonly #heard: Heard;
  #bytes = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;
  #searched = 0;
  #v2 = false;
  /** A delivery whose payload is on its way. */
  #topic: string | undefined;
  #length = 0;
  #fields = "";
  /** The batch that is on its way. */
  #batch = { topic: "", left: 0, bytes: 0, seq: 0, attempt: 1 };

  constructor(heard: Heard) {
    this.#heard = heard;
  }

  push(chunk: Uint8Array): void {
    this.#append(chunk);
    while (this.#topic === undefined ? this.#takeLine() : this.#takePayload());
    if (this.#start === this.#end) this.#start = this.#end = this.#searched = 0;
  }

  #append(chunk: Uint8Array): void {
    if (this.#end + chunk.length > this.#bytes.length) {
      const held = this.#bytes.subarray(this.#start, this.#end);
      const needed = held.length + chunk.length;
      const room = needed > this.#bytes.length / 2 ? new Uint8Array(needed * 2) : this.#bytes;
      room.set(held);
      this.#bytes = room;
      this.#searched -= this.#start;
      this.#end = held.length;
      this.#start = 0;
    }
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #takeLine(): boolean {
    const lf = this.#bytes.subarray(0, this.#end).indexOf(LF, Math.max(this.#searched, this.#start));
    this.#searched = this.#end;
    if (lf === -1) return false;
    const line = this.#bytes.subarray(this.#start, lf);
    const size = lf + 1 - this.#start;
    this.#start = this.#searched = lf + 1;
    if (this.#v2) this.#header(decoder.decode(line), size);
    else this.#classic(line);
    return true;
  }

  #classic(line: Uint8Array): void {
    if (line[0] !== 35) {
      const text = decoder.decode(line);
      this.#v2 = text === "OK_2";
      return this.#heard.line(text);
    }
    const space = line.indexOf(32);
    if (space === -1) throw new Error(`a delivery without a space: ${decoder.decode(line)}`);
    this.#heard.message(
      decoder.decode(line.subarray(0, space)),
      line.subarray(space + 1),
      undefined,
      NOTHING,
    );
  }

  #header(line: string, size: number): void {
    const words = line.split(" ");
    const batch = this.#batch;
    if (words[0] === "batch") {
      if (batch.left > 0) throw new Error(`a batch in a batch: ${line}`);
      const seq = Number(/ seq=(\d+)( |$)/.exec(line)?.[1]);
      const attempt = Number(/ attempt=(\d+)( |$)/.exec(line)?.[1] ?? 1);
      this.#batch = { topic: words[1] ?? "", left: Number(words[2]), bytes: Number(words[3]), seq, attempt };
      if (!(this.#batch.left > 0) || !(seq > 0)) throw new Error(`not a batch: ${line}`);
    } else if (words[0] === "pub") {
      this.#length = Number(words[2]);
      if (!/^\d+$/.test(words[2] ?? "")) throw new Error(`not a length: ${line}`);
      this.#topic = words[1] ?? "";
      this.#fields = words.slice(3).join(" ");
      if (batch.left === 0) return;
      batch.bytes -= size + this.#length + 1;
      if (batch.topic !== this.#topic) throw new Error(`${this.#topic} in a batch of ${batch.topic}`);
    } else {
      if (batch.left > 0) throw new Error(`in a batch: ${line}`);
      this.#heard.line(line);
    }
  }

  #takePayload(): boolean {
    const end = this.#start + this.#length;
    if (end >= this.#end) return false;
    if (this.#bytes[end] !== LF) throw new Error(`no LF behind a payload of ${this.#topic}`);
    const batch = this.#batch;
    let seq: number | undefined;
    if (batch.left > 0) {
      seq = batch.seq++;
      batch.left--;
      if (batch.left === 0 && batch.bytes !== 0) {
        throw new Error(`a batch of ${batch.topic} has a false length`);
      }
    }
    const topic = this.#topic ?? "";
    this.#topic = undefined;
    const said = { fields: this.#fields, attempt: seq === undefined ? 1 : batch.attempt };
    this.#heard.message(topic, this.#bytes.subarray(this.#start, end), seq, said);
    this.#start = this.#searched = end + 1;
    return true;
  }
}
