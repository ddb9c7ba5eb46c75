/**
 * From nothing to a link: dials, finds out what the broker speaks, and begins anew without hello where hello was too much.
 *
 * @module
 */
import { RunError } from "../errors.ts";
import { quote } from "../text.ts";
import type { Framing } from "../protocols/classic/client.ts";
import { pause } from "./back_off.ts";
import { ClassicLink } from "./classic_link.ts";
import { dial, DialError, reasonOf, type Socket } from "./dial.ts";
import { Dialect } from "./dialect.ts";
import { FrameLink } from "./frame_link.ts";
import { greet, type Greeting } from "./greeting.ts";
import { Incoming } from "./incoming.ts";
import { type DeliverySink, type Link, within } from "./link.ts";
import type { Settings } from "./settings.ts";

/** How long a broker may take to answer hello before it counts as one that does not. */
const HELLO_MS = 1_000;
/** How long a socket to a broker that did not answer hello is kept for it to find the end in. */
const ABANDONED_MS = 60_000;
/** A pause between two connections from one local port: the first has to be gone. */
const SAME_PORT_MS = 50;

/** A link, and the port it leaves from. */
export interface Dialled {
  readonly link: Link;
  readonly localPort: number;
}

/** Makes the links of one client, and learns from them. */
export class Dialler {
  readonly #settings: Settings;
  readonly #sink: DeliverySink | undefined;
  readonly #signal: AbortSignal;
  readonly #dialect: Dialect;

  /** `signal` ends what is being made and what was made. */
  constructor(
    settings: Settings,
    { sink, signal }: { readonly sink: DeliverySink | undefined; readonly signal: AbortSignal },
  ) {
    this.#settings = settings;
    this.#sink = sink;
    this.#signal = signal;
    this.#dialect = new Dialect(settings.protocol);
  }

  /** One try, which may take so many milliseconds. Rejects with DialError, RunError or the signal's reason. */
  async dial(within: number): Promise<Dialled> {
    const socket = await dial(this.#settings, { within, signal: this.#signal });
    const release = this.#closeOnStop(socket);
    try {
      const link = this.#dialect.saysHello
        ? await this.#meet(socket, within)
        : this.#classic(socket, { trial: true });
      if (link === "again") return await this.#dialAgain(within);
      link.ended.then(release);
      return { link, localPort: socket.localPort };
    } catch (error) {
      socket.close();
      release();
      this.#signal.throwIfAborted();
      throw error;
    }
  }

  async #dialAgain(within: number): Promise<Dialled> {
    if (this.#settings.localPort !== undefined) await pause(SAME_PORT_MS, this.#signal);
    return await this.dial(within);
  }

  /** Says hello; `again`: this connection is of no use, but one without hello may be. */
  async #meet(socket: Socket, within: number): Promise<Link | "again"> {
    const { id, address, localPort, onEvent } = this.#settings;
    const incoming = new Incoming(socket);
    // a second connection from a given local port cannot be had while the first is there, so there a slow answer is waited for
    const patience = this.#dialect.insists || localPort !== undefined ? Math.max(within, HELLO_MS) : HELLO_MS;
    const greeting = await this.#greet(socket, { id, incoming, patience });
    this.#signal.throwIfAborted();
    switch (greeting.kind) {
      case "2":
        this.#dialect.learn("2");
        return await this.#frames(socket, incoming);
      case "turned away":
        throw new DialError(`the broker said ${greeting.said}`, { turnedAway: greeting.said });
      case "classic":
        if (this.#dialect.insists) {
          throw new RunError(
            `the broker at ${address} does not speak protocol 2 (it answered hello with ${
              quote(greeting.said)
            }): ask for auto or classic`,
          );
        }
        this.#dialect.learn("classic");
        return this.#classic(socket, { incoming, framing: greeting.framing });
      case "choked":
        break;
    }
    if (!this.#dialect.choked()) throw new DialError(greeting.reason, { met: true });
    onEvent({ type: "fallback", reason: greeting.reason });
    if (!greeting.silent) {
      socket.close();
      return "again";
    }
    if (localPort !== undefined) return this.#classic(socket, { incoming, trial: true });
    this.#abandon(socket, incoming);
    return "again";
  }

  /** A link whose broker has told about itself, as it does right after its answer. */
  async #frames(socket: Socket, incoming: Incoming): Promise<FrameLink> {
    const { pingAfter } = this.#settings;
    const link = new FrameLink(socket, { incoming, sink: this.#sink, pingAfter });
    await within(HELLO_MS, link.informed);
    return link;
  }

  /** A connection that breaks at hello is one that was closed. */
  async #greet(
    socket: Socket,
    options: { readonly id: string; readonly incoming: Incoming; readonly patience: number },
  ): Promise<Greeting> {
    try {
      return await greet(socket, options);
    } catch (error) {
      return { kind: "choked", silent: false, reason: `${reasonOf(error)} at hello` };
    }
  }

  #classic(
    socket: Socket,
    { incoming, framing, trial = false }: {
      readonly incoming?: Incoming;
      readonly framing?: Framing;
      readonly trial?: boolean;
    },
  ): ClassicLink {
    const { id } = this.#settings;
    const link = new ClassicLink(socket, {
      id,
      sink: this.#sink,
      ...(incoming === undefined ? {} : { incoming }),
      ...(framing === undefined ? {} : { framing }),
    });
    if (trial) link.ended.then(() => this.#dialect.served(link.answered));
    return link;
  }

  /**
   * Ends what is said and waits for the other side to close. A broker that serves one client after another comes to this
   * connection some day, reads hello and answers it: into a socket that is closed, that would be an error to it, and not every
   * broker of the exercise lives through one.
   */
  #abandon(socket: Socket, incoming: Incoming): void {
    const release = this.#closeOnStop(socket);
    const timer = setTimeout(() => socket.close(), ABANDONED_MS);
    const readToTheEnd = async (): Promise<void> => {
      try {
        await socket.closeWrite();
        while (await incoming.read() !== null);
      } catch {
        // however it ends, it has ended
      }
      clearTimeout(timer);
      socket.close();
      release();
    };
    void readToTheEnd();
  }

  #closeOnStop(socket: Socket): () => void {
    const stop = (): void => socket.close();
    this.#signal.addEventListener("abort", stop);
    return () => this.#signal.removeEventListener("abort", stop);
  }
}
