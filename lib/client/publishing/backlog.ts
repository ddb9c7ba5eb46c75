/**
 * Messages that are not acknowledged, as the records that publish them.
 *
 * @module
 */
import { decodeText } from "../../text.ts";
import { LF } from "../../wire/bytes.ts";
import { writeDecimal } from "../../wire/decimals.ts";
import { RecordReader } from "../../wire/records.ts";

/** Bytes of the first block, and of those that follow while it is busy. One block leaves in one write. */
const FIRST_BLOCK_BYTES = 8 * 1024;
const BLOCK_BYTES = 128 * 1024;
/** The memory of a larger block is let go of when its messages are done with. */
const KEPT_MOST_BYTES = 1024 * 1024;
/**
 * Text of more characters is encoded on its own first: there might be room for its bytes but not for three a
 * character.
 */
const TEXT_INTO_MOST = 4 * 1024;
/** Digits of a length, and the two LF of a record. */
const AROUND_PAYLOAD = 12;

const encoder = new TextEncoder();

/** Whole records, one after another. */
interface Block {
  bytes: Uint8Array<ArrayBuffer>;
  /** Bytes written, and the messages they are. */
  length: number;
  count: number;
  /** Messages at the front that are done with. */
  done: number;
  /** Messages at the front over which `skippedBytes` goes: at most `done`. */
  skipped: number;
  skippedBytes: number;
  /** Bytes handed out since {@link Backlog.rewind}. */
  sent: number;
  /** Messages that have ever been handed out: their bytes are never moved, somebody may be reading them. */
  left: number;
  /** Where {@link Backlog.withdraw} was last: a message by its index, and where it begins. */
  near: { readonly index: number; readonly start: number };
  /** Portions of it that are being written. */
  writing: number;
}

/** A message that waits, read back. */
export interface QueuedMessage {
  readonly topic: string;
  /** As they were given, each with a space before it; empty: none. */
  readonly fields: string;
  readonly payload: Uint8Array;
}

/** Bytes to send: whole records. Call {@link Backlog.written} when nobody reads them any more. */
export interface Portion {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly block: unknown;
}

/**
 * A queue of publishes that is sent from the front to the back, again from the front after {@link rewind},
 * and shrinks at the front as messages are done with. It holds what it was given, nothing a message besides.
 */
export class Backlog {
  #blocks: Block[] = [];
  #size = 0;
  #bytes = 0;
  #spare: Uint8Array<ArrayBuffer> | undefined;

  /** Messages that are not done with. */
  get size(): number {
    return this.#size;
  }

  /** Bytes that are held for them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes that no portion has been made of yet, in the block that is being filled. */
  get unsent(): number {
    const last = this.#blocks.at(-1);
    return last === undefined ? 0 : last.length - last.sent;
  }

  /** Puts a message at the end; everything is copied. `fields` begins with a space or is empty. */
  add(
    head: Uint8Array,
    { fields, payload }: { readonly fields: Uint8Array; readonly payload: string | Uint8Array },
  ): void {
    const data = typeof payload === "string" && payload.length > TEXT_INTO_MOST
      ? encoder.encode(payload)
      : payload;
    const most = typeof data === "string" ? 3 * data.length : data.length;
    const block = this.#blockFor(head.length + fields.length + most + AROUND_PAYLOAD);
    const { bytes } = block;
    const start = block.length;
    bytes.set(head, start);
    let at = start + head.length;
    if (typeof data === "string") {
      at = writeText(bytes, { at, fields, text: data });
    } else {
      at = writeDecimal(bytes, { at, value: data.length });
      if (fields.length > 0) bytes.set(fields, at);
      at += fields.length;
      bytes[at++] = LF;
      bytes.set(data, at);
      at += data.length;
    }
    bytes[at++] = LF;
    block.length = at;
    block.count++;
    this.#size++;
    this.#bytes += at - start;
  }

  /**
   * The next bytes to send; undefined: there are none, or as much is sent and not done with as the window
   * allows.
   */
  next(window: { readonly bytes: number; readonly count: number }): Portion | undefined {
    let bytes = 0;
    let count = 0;
    for (const block of this.#blocks) {
      if (block.sent < block.length) {
        if (bytes >= window.bytes || count >= window.count) return undefined;
        const portion = block.bytes.subarray(block.sent, block.length);
        block.sent = block.length;
        block.left = block.count;
        block.writing++;
        return { bytes: portion, block };
      }
      bytes += block.length;
      count += block.count - block.done;
    }
    return undefined;
  }

  /** Nobody reads from that portion any more. */
  written(portion: Portion): void {
    const block = this.#blocks.find((each) => each === portion.block);
    if (block === undefined) return;
    block.writing--;
    this.#tidy();
  }

  /** Everything that is not done with is to be sent again. */
  rewind(): void {
    for (const block of this.#blocks) {
      skip(block);
      block.sent = block.skippedBytes;
    }
  }

  /** The oldest message; there is one. A view, until it is done with. */
  first(): QueuedMessage {
    const block = this.#blocks.find((each) => each.done < each.count);
    if (block === undefined) throw new RangeError("the backlog is empty");
    skip(block);
    return readMessage(block);
  }

  /** The oldest so many are done with. */
  done(count: number): void {
    this.#size -= count;
    let left = count;
    for (const block of this.#blocks) {
      const some = Math.min(left, block.count - block.done);
      block.done += some;
      left -= some;
      if (left === 0) break;
    }
    this.#tidy();
  }

  /**
   * Takes out the message in that place, the first being 1; false: it has been handed out before, and stays.
   */
  withdraw(place: number): boolean {
    let before = place - 1;
    for (const block of this.#blocks) {
      const here = block.count - block.done;
      if (before < here) return this.#takeOut(block, before);
      before -= here;
    }
    return false;
  }

  /** All are done with. */
  clear(): void {
    this.#blocks = [];
    this.#size = this.#bytes = 0;
  }

  #takeOut(block: Block, before: number): boolean {
    const index = block.done + before;
    if (index < block.left) return false;
    this.#size--;
    if (before === 0) {
      // those that are given up in their order need not be moved
      block.done++;
      skip(block);
      block.sent = block.skippedBytes;
      this.#tidy();
      return true;
    }
    const { start, end } = find(block, index);
    block.bytes.copyWithin(start, end, block.length);
    block.length -= end - start;
    block.count--;
    this.#bytes -= end - start;
    return true;
  }

  /** Lets go of blocks that are done with; the last one is filled again from its beginning. */
  #tidy(): void {
    for (
      let first = this.#blocks[0];
      first !== undefined && first.done === first.count;
      first = this.#blocks[0]
    ) {
      if (first.writing > 0) return;
      this.#bytes -= first.length;
      if (this.#blocks.length === 1 && first.bytes.length <= KEPT_MOST_BYTES) {
        Object.assign(first, emptyBlock(first.bytes));
        return;
      }
      this.#blocks.shift();
      if (first.bytes.length === BLOCK_BYTES) this.#spare ??= first.bytes;
    }
  }

  #blockFor(bytes: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.length + bytes <= last.bytes.length) return last;
    const fresh = emptyBlock(this.#memory(bytes));
    this.#blocks.push(fresh);
    return fresh;
  }

  #memory(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > BLOCK_BYTES) return new Uint8Array(bytes);
    if (this.#blocks.length === 0 && bytes <= FIRST_BLOCK_BYTES) return new Uint8Array(FIRST_BLOCK_BYTES);
    const spare = this.#spare;
    this.#spare = undefined;
    return spare ?? new Uint8Array(BLOCK_BYTES);
  }
}

function emptyBlock(bytes: Uint8Array<ArrayBuffer>): Block {
  const near = { index: 0, start: 0 };
  return {
    bytes,
    length: 0,
    count: 0,
    done: 0,
    skipped: 0,
    skippedBytes: 0,
    sent: 0,
    left: 0,
    near,
    writing: 0,
  };
}

/**
 * Finds out how many bytes the messages have that are done with; nobody needs to know while all goes well.
 */
function skip(block: Block): void {
  const reader = readerOf(block);
  reader.skip(block.done - block.skipped);
  block.skipped = block.done;
  block.skippedBytes = reader.end;
}

/**
 * Where the message with that index is. Many that are given up are mostly so in their order, and what lies
 * before the one that was looked for last is not read again.
 */
function find(block: Block, index: number): { readonly start: number; readonly end: number } {
  const { bytes, length, skipped, skippedBytes, near } = block;
  const from = near.index > skipped && near.index <= index ? near : { index: skipped, start: skippedBytes };
  const reader = new RecordReader({ bytes, start: from.start, end: length });
  reader.skip(index - from.index + 1);
  const { start, end } = reader;
  block.near = { index, start };
  return { start, end };
}

/** Reads the first message that is not skipped. */
function readMessage(block: Block): QueuedMessage {
  const { bytes } = block;
  const reader = readerOf(block);
  reader.next();
  const { start, lengthStart, fieldsStart, fieldsEnd, payloadStart, payloadEnd } = reader;
  return {
    topic: textOf(bytes.subarray(start + "pub ".length, lengthStart - 1)),
    fields: textOf(bytes.subarray(fieldsStart, fieldsEnd)),
    payload: bytes.subarray(payloadStart, payloadEnd),
  };
}

function readerOf({ bytes, skippedBytes, length }: Block): RecordReader {
  return new RecordReader({ bytes, start: skippedBytes, end: length });
}

function textOf(bytes: Uint8Array): string {
  return decodeText(bytes) ?? "";
}

/** Writes the length, fields and payload of a text; where it ends. */
function writeText(
  bytes: Uint8Array,
  { at, fields, text }: { readonly at: number; readonly fields: Uint8Array; readonly text: string },
): number {
  // nearly all text is ASCII, and its length then known before it is encoded
  let start = writeDecimal(bytes, { at, value: text.length }) + fields.length + 1;
  const { written } = encoder.encodeInto(text, bytes.subarray(start));
  if (written !== text.length) {
    const moved = writeDecimal(bytes, { at, value: written }) + fields.length + 1;
    bytes.copyWithin(moved, start, start + written);
    start = moved;
  }
  bytes.set(fields, start - fields.length - 1);
  bytes[start - 1] = LF;
  return start + written;
}
