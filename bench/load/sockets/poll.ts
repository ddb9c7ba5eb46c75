/**
 * Waits for many sockets at once and names those that have news: each of them once a round, whoever had some before.
 *
 * @module
 */
import { calls, errno } from "./libc.ts";
import { must, type Socket } from "./socket.ts";

const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CLOEXEC = 0o2000000;
const EINTR = 4;

/** Bits of what a socket is watched for. */
export const READABLE = 1;
export const WRITABLE = 4;

/** Most events of a round. */
const EVENTS = 1024;
// struct epoll_event is packed on x86-64 and nowhere else
const STRIDE = Deno.build.arch === "x86_64" ? 12 : 16;
const DATA = STRIDE - 8;

/** Sockets that are watched, each under a number its owner gives it. */
export class Poll {
  readonly #id = must(calls().epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  readonly #bytes = new Uint8Array(EVENTS * STRIDE);
  readonly #view = new DataView(this.#bytes.buffer);

  add(socket: Socket, number: number, events: number): void {
    const event = new Uint8Array(STRIDE);
    const view = new DataView(event.buffer);
    view.setUint32(0, events, true);
    view.setUint32(DATA, number, true);
    must(calls().epoll_ctl(this.#id, EPOLL_CTL_ADD, socket.id, event), "epoll_ctl");
  }

  remove(socket: Socket): void {
    must(calls().epoll_ctl(this.#id, EPOLL_CTL_DEL, socket.id, new Uint8Array(STRIDE)), "epoll_ctl");
  }

  /** Waits for news, so many milliseconds at most, and says of how many sockets there are some. */
  wait(milliseconds: number): number {
    const count = calls().epoll_wait(this.#id, this.#bytes, EVENTS, milliseconds);
    if (count >= 0) return count;
    if (errno() === EINTR) return 0;
    return must(count, "epoll_wait");
  }

  /** The number of the socket that the news is of. `at`: below what {@link Poll.wait} said. */
  number(at: number): number {
    return this.#view.getUint32(at * STRIDE + DATA, true);
  }

  /** What it can do now; what went wrong with it shows when it is read. */
  events(at: number): number {
    return this.#view.getUint32(at * STRIDE, true);
  }

  close(): void {
    calls().close(this.#id);
  }
}
