/**
 * How long requests take to come.
 *
 * @module
 */
import { REQUEST_BYTES_A_SECOND, REQUEST_MS } from "../limits.ts";

/**
 * What has begun and is not whole is kept, so it has to be whole in time: within {@link REQUEST_MS}, and a
 * second more for each {@link REQUEST_BYTES_A_SECOND} that have come. Time in which the broker does not read
 * does not count.
 */
export class RequestWatch {
  /** Whether it is being read. */
  reading = false;
  #waited = 0;

  /** A request has become whole: the next one has its own time. */
  finished(): void {
    this.#waited = 0;
  }

  /** Time has passed, and `unread` bytes are the beginning of a request. True: it has taken too long. */
  tick(milliseconds: number, unread: number): boolean {
    if (!this.reading || unread === 0) return false;
    this.#waited += milliseconds;
    return this.#waited >= REQUEST_MS + 1000 * unread / REQUEST_BYTES_A_SECOND;
  }
}
