/**
 * Damages to a file of SQLite's that mean something: each kind of page has its share, however few there are
 * of it.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";

/** A changed copy, and how it was changed. */
export interface Damaged {
  readonly bytes: Uint8Array;
  readonly what: string;
  /** What lies where it was changed, as "leaf of batch". */
  readonly kind: string;
}

const HEADER_BYTES = 100;
/** What a page begins with: its own header and where its cells are. */
const PAGE_HEAD_BYTES = 64;

/** The pages of a database by what is in them; "header" is the first hundred bytes of the first. */
export function pagesByKind(path: string): ReadonlyMap<string, readonly number[]> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const [count] = Object.values(db.prepare("PRAGMA page_count").get() ?? {});
    const kinds = new Map<string, number[]>([["header", [0]]]);
    const named = new Map<number, string>();
    for (
      const { name, pagetype, pageno } of db.prepare("SELECT name, pagetype, pageno FROM dbstat").iterate()
    ) {
      named.set(Number(pageno), `${pagetype} of ${name}`);
    }
    for (let page = 1; page <= Number(count); page++) {
      // the second is of the map that tells which page points to which
      const kind = named.get(page) ?? (page === 2 ? "page map" : "free");
      kinds.set(kind, [...kinds.get(kind) ?? [], page - 1]);
    }
    return kinds;
  } finally {
    db.close();
  }
}

/** A whole number below what it is given. */
export type Draw = (below: number) => number;

/** Makes damages. */
export class Damages {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #pageBytes: number;
  readonly #kinds: readonly (readonly [string, readonly number[]])[];

  constructor(path: string) {
    this.#bytes = Deno.readFileSync(path);
    this.#pageBytes = new DataView(this.#bytes.buffer).getUint16(16);
    this.#kinds = [...pagesByKind(path)];
  }

  get kinds(): readonly string[] {
    return this.#kinds.map(([kind]) => kind);
  }
  get pages(): number {
    return this.#bytes.length / this.#pageBytes;
  }

  next(random: Draw): Damaged {
    switch (random(10)) {
      case 0:
        return this.#cut(random);
      case 1:
      case 2:
        return this.#swapped(random);
      default:
        return this.#flipped(random);
    }
  }

  #cut(random: Draw): Damaged {
    const length = random(2) === 0 ? random(this.#bytes.length) : random(this.pages) * this.#pageBytes;
    return { bytes: this.#bytes.slice(0, length), what: `cut to ${length} bytes`, kind: "cut" };
  }

  #swapped(random: Draw): Damaged {
    const [kind, a] = this.#page(random);
    let [other, b] = this.#page(random);
    while (a === b) [other, b] = this.#page(random);
    const bytes = this.#bytes.slice();
    const size = this.#pageBytes;
    bytes.set(this.#bytes.subarray(a * size, (a + 1) * size), b * size);
    bytes.set(this.#bytes.subarray(b * size, (b + 1) * size), a * size);
    return { bytes, what: `pages ${a} (${kind}) and ${b} (${other}) swapped`, kind: "swap" };
  }

  #flipped(random: Draw): Damaged {
    const [kind, page] = this.#page(random);
    const within = kind === "header" ? HEADER_BYTES : random(3) === 0 ? PAGE_HEAD_BYTES : this.#pageBytes;
    let at = page * this.#pageBytes + random(within);
    // most of a small table's page is nothing but zeros, which nobody would miss
    for (let tries = 0; tries < 30 && this.#bytes[at] === 0; tries++) {
      at = page * this.#pageBytes + random(within);
    }
    const bit = random(8);
    const bytes = this.#bytes.slice();
    bytes[at]! ^= 1 << bit;
    return { bytes, what: `bit ${bit} of byte ${at} flipped (${kind})`, kind };
  }

  /** A page of any kind, and which. */
  #page(random: Draw): readonly [string, number] {
    const [kind, pages] = this.#kinds[random(this.#kinds.length)]!;
    return [kind, pages[random(pages.length)]!];
  }
}

/** Changes a write-ahead log somewhere: a bit, its end, or two frames. */
export function damagedWal(wal: Uint8Array, random: Draw): Omit<Damaged, "kind"> {
  const [header, frame] = [32, 24 + new DataView(wal.buffer, wal.byteOffset).getUint32(8)];
  const frames = Math.floor((wal.length - header) / frame);
  const bytes = wal.slice();
  switch (random(5)) {
    case 0: {
      const length = 1 + random(wal.length);
      return { bytes: wal.slice(0, length), what: `WAL cut to ${length} bytes` };
    }
    case 1: {
      const [a, b] = [random(frames), random(frames)];
      const [from, to] = [header + a * frame, header + b * frame];
      bytes.set(wal.subarray(from, from + frame), to);
      bytes.set(wal.subarray(to, to + frame), from);
      return { bytes, what: `frames ${a} and ${b} swapped` };
    }
    default: {
      // every fourth in a header, of the log or a frame
      const at = random(4) === 0
        ? Math.max(0, header + (random(frames + 1) - 1) * frame) + random(24)
        : random(wal.length);
      const bit = random(8);
      bytes[at]! ^= 1 << bit;
      return { bytes, what: `bit ${bit} of byte ${at} of the WAL flipped` };
    }
  }
}
