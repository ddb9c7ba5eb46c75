/**
 * Listens on the connection of a member: what it is given of stored messages and when, what it says of them,
 * and what that is answered. So the account of a group does not hang on what the library makes of it.
 *
 * @module
 */
import type { Socket } from "../../lib/client/sockets/socket.ts";
import type { Asked, Delivery, Line, Said } from "./history.ts";
import { Lines } from "./lines.ts";

/** Milliseconds between two reads where nobody is slow. */
const SLOW_MS = 100;

/** A socket that is listened on. */
export class Tap implements Socket {
  readonly #socket: Socket;
  readonly #line: Line;
  readonly #now: () => number;
  readonly #came = new Lines((line) => this.#told(line));
  readonly #went = new Lines((line) => this.#said(line));
  /** When something was read last. */
  #readAt: number;
  /** By group, topic and number: what is said is said of this one. */
  readonly #newest = new Map<string, Delivery>();
  /** Requests that have no answer yet. */
  readonly #open: (Said | Asked)[] = [];
  /** Messages of the batch that comes, of which there is more to be read. */
  readonly #coming: Delivery[] = [];

  constructor(socket: Socket, { line, now }: { readonly line: Line; readonly now: () => number }) {
    this.#socket = socket;
    this.#line = line;
    this.#now = now;
    this.#readAt = now();
  }

  get localPort(): number {
    return this.#socket.localPort;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#now() - this.#readAt > SLOW_MS) this.#line.slow = true;
    try {
      const bytes = await this.#socket.read();
      if (bytes === null) this.#line.endedAt ??= this.#now();
      else this.#came.take(bytes);
      this.#readAt = this.#now();
      return bytes;
    } catch (error) {
      this.#line.endedAt ??= this.#now();
      throw error;
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#went.take(bytes);
    return this.#socket.write(bytes);
  }

  closeWrite(): Promise<void> {
    this.#line.endedAt ??= this.#now();
    return this.#socket.closeWrite();
  }

  close(): void {
    this.#line.endedAt ??= this.#now();
    this.#socket.close();
  }

  /** The broker's line; how many bytes behind it are none. */
  #told(text: string): number {
    const [verb = "", ...words] = text.split(" ");
    switch (verb) {
      case "pub": {
        const key = words.find((word) => word.startsWith("key="));
        const delivery = this.#coming.shift();
        if (key !== undefined && delivery !== undefined) delivery.key = key.slice("key=".length);
        return Number(words[1]) + 1;
      }
      case "batch":
        return this.#given(words) ? 0 : Number(words[2]);
      case "ok":
        for (let left = Number(words[0]); left > 0; left--) this.#answered("ok");
        return 0;
      case "err":
        this.#answered(words[0] ?? "");
        return 0;
      default:
        return 0;
    }
  }

  /** Whether they are stored messages of a group. */
  #given([topic = "", count = "", _length = "", ...fields]: readonly string[]): boolean {
    const of = (name: string): string | undefined =>
      fields.find((field) => field.startsWith(`${name}=`))?.slice(name.length + 1);
    const group = of("group");
    const first = of("seq");
    if (group === undefined || first === undefined) return false;
    for (let at = 0; at < Number(count); at++) {
      const delivery: Delivery = {
        line: this.#line,
        number: this.#line.given.length,
        at: this.#now(),
        group,
        topic,
        seq: Number(first) + at,
        attempt: Number(of("attempt") ?? 1),
        stored: Number(of("ts")),
        said: [],
      };
      this.#line.given.push(delivery);
      this.#coming.push(delivery);
      this.#newest.set(`${group} ${topic} ${delivery.seq}`, delivery);
    }
    return true;
  }

  #said(text: string): number {
    const [verb = "", group = "", topic = "", numbers = "", ...rest] = text.split(" ");
    if (verb === "sub" || verb === "unsub") {
      const asked: Asked = {
        at: this.#now(),
        group: /group=(\S+)/.exec(text)?.[1],
        pattern: group,
      };
      (verb === "sub" ? this.#line.entered : this.#line.left).push(asked);
      this.#open.push(asked);
    }
    if (verb !== "ack" && verb !== "nack" && verb !== "extend") return 0;
    const [first = 0, last = first] = numbers.split("-").map(Number);
    const delay = Number(/delay=(\S+)/.exec(rest.join(" "))?.[1] ?? 0) * 1000;
    const said: Said = { verb, at: this.#now(), delay, unused: rest.includes("unused") };
    this.#open.push(said);
    for (let seq = first; seq <= last; seq++) this.#newest.get(`${group} ${topic} ${seq}`)?.said.push(said);
    return 0;
  }

  #answered(answer: string): void {
    const said = this.#open.shift();
    if (said === undefined) return;
    said.answer = answer;
    said.answeredAt = this.#now();
  }
}
