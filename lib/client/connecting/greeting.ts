/**
 * The connection on which hello was said, until it is known what becomes of it.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { reasonOf } from "../sockets/connect_error.ts";
import { Incoming } from "../sockets/incoming.ts";
import type { Socket } from "../sockets/socket.ts";
import { type Caller, type HandshakeResult, hearAnswer, sayHello } from "./handshake.ts";

/** How long a socket that is of no use is kept for the broker to find the end in. */
const ABANDONED_MS = 60_000;

/** A connection that waits for the answer to hello, for however long. */
export class Greeting {
  readonly socket: Socket;
  readonly incoming: Incoming;
  readonly #clock: Clock;
  #release: () => void;
  #saying: Promise<void>;
  #late: Promise<HandshakeResult> | undefined;
  #halfClosed = false;

  /** Says hello. `release` is called once, when the connection is done with. */
  constructor(
    socket: Socket,
    { clock, release, ...caller }: Caller & { readonly clock: Clock; readonly release: () => void },
  ) {
    this.socket = socket;
    this.#clock = clock;
    this.incoming = new Incoming(socket, clock);
    this.#release = release;
    this.#saying = sayHello(socket, caller);
    this.#saying.catch(() => {}); // told by the answer
  }

  /** Whether its other end may have seen that nothing more is said here. */
  get halfClosed(): boolean {
    return this.#halfClosed;
  }

  /** What came within so many milliseconds. A connection that breaks is one that was closed. */
  async answer(patience: number): Promise<HandshakeResult> {
    try {
      await this.#saying;
      return await hearAnswer(this.incoming, { clock: this.#clock, ms: patience });
    } catch (error) {
      return { kind: "unanswered", silent: false, reason: `${reasonOf(error)} at hello` };
    }
  }

  /** What comes in the end. Ask for it once {@link answer} has found nothing, and for nothing else then. */
  late(): Promise<HandshakeResult> {
    this.#late ??= this.answer(Infinity);
    return this.#late;
  }

  /**
   * Ends what is said here; an answer is still heard. A broker that serves one client after another and takes
   * no notice of hello goes on to the next with that; one that speaks v2 answers first.
   */
  halfClose(): void {
    if (this.#halfClosed) return;
    this.#halfClosed = true;
    this.socket.closeWrite().catch(() => {}); // it is closed already
  }

  /** It is somebody else's from now on; what has to be released when it ends. */
  handOver(): () => void {
    const release = this.#release;
    this.#release = () => {};
    return release;
  }

  close(): void {
    this.socket.close();
    this.#release();
  }

  /**
   * Ends what is said and waits for the other side to close. A broker that serves one client after another
   * comes to this connection some day, reads hello and answers it: into a socket that is closed, that would
   * be an error to it, and not every broker of the exercise lives through one.
   */
  abandon(): void {
    this.halfClose();
    const timer = this.#clock.after(ABANDONED_MS, () => this.socket.close());
    const readToTheEnd = async (): Promise<void> => {
      try {
        await this.late();
        while (await this.incoming.read() !== null);
      } catch {
        // however it ends, it has ended
      }
      this.#clock.cancel(timer);
      this.close();
    };
    void readToTheEnd();
  }
}
