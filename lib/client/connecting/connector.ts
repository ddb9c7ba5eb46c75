/**
 * From nothing to a link: opens a socket, finds out what the broker speaks, and begins anew without hello
 * where hello was too much.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import type { Framing } from "../../protocols/classic/client_decoder.ts";
import { quote } from "../../text.ts";
import { ClassicLink } from "../links/classic_link.ts";
import type { DeliverySink } from "../links/delivery_sink.ts";
import { FrameLink } from "../links/frame_link.ts";
import type { Link } from "../links/link.ts";
import { waitAtMost } from "../promises.ts";
import { ConnectError, reasonOf } from "../sockets/connect_error.ts";
import { Incoming } from "../sockets/incoming.ts";
import { openSocket } from "../sockets/open_socket.ts";
import type { Socket } from "../sockets/socket.ts";
import { pause } from "./back_off.ts";
import { handshake, type HandshakeResult } from "./handshake.ts";
import { ProtocolChoice } from "./protocol_choice.ts";
import type { Settings } from "./settings.ts";

/** How long a broker may take to answer hello before it counts as one that does not. */
const HELLO_MS = 1_000;
/** How long a socket to a broker that did not answer hello is kept for it to find the end in. */
const ABANDONED_MS = 60_000;
/** A pause between two connections from one local port: the first has to be gone. */
const SAME_PORT_MS = 50;

/** A link, and the port it leaves from. */
export interface Connected {
  readonly link: Link;
  readonly localPort: number;
}

/** Makes the links of one client, and learns from them. */
export class Connector {
  readonly #settings: Settings;
  readonly #sink: DeliverySink | undefined;
  readonly #signal: AbortSignal;
  readonly #protocols: ProtocolChoice;

  /** `signal` ends what is being made and what was made. */
  constructor(
    settings: Settings,
    { sink, signal }: { readonly sink: DeliverySink | undefined; readonly signal: AbortSignal },
  ) {
    this.#settings = settings;
    this.#sink = sink;
    this.#signal = signal;
    this.#protocols = new ProtocolChoice(settings.protocol);
  }

  /**
   * One try, which may take so many milliseconds. Rejects with ConnectError, RunError or the signal's reason.
   */
  async connect(within: number): Promise<Connected> {
    const socket = await openSocket(this.#settings, { within, signal: this.#signal });
    const release = this.#closeOnStop(socket);
    try {
      const link = this.#protocols.saysHello
        ? await this.#sayHello(socket, within)
        : this.#classic(socket, { trial: true });
      if (link === "again") return await this.#connectAgain(within);
      link.ended.then(release);
      return { link, localPort: socket.localPort };
    } catch (error) {
      socket.close();
      release();
      this.#signal.throwIfAborted();
      throw error;
    }
  }

  async #connectAgain(within: number): Promise<Connected> {
    if (this.#settings.localPort !== undefined) await pause(SAME_PORT_MS, this.#signal);
    return await this.connect(within);
  }

  /** Says hello; `again`: this connection is of no use, but one without hello may be. */
  async #sayHello(socket: Socket, within: number): Promise<Link | "again"> {
    const { id, address, localPort, onEvent } = this.#settings;
    const incoming = new Incoming(socket);
    // a second connection from a given local port cannot be had while the first is there, so there a slow
    // answer is waited for
    const patience = this.#protocols.insists || localPort !== undefined
      ? Math.max(within, HELLO_MS)
      : HELLO_MS;
    const answer = await this.#handshake(socket, { id, incoming, patience });
    this.#signal.throwIfAborted();
    switch (answer.kind) {
      case "2":
        this.#protocols.learn("2");
        return await this.#frames(socket, incoming);
      case "turned away":
        throw new ConnectError(`the broker said ${answer.said}`, { turnedAway: answer.said });
      case "classic":
        if (this.#protocols.insists) {
          throw new RunError(
            `the broker at ${address} does not speak protocol 2 (it answered hello with ${
              quote(answer.said)
            }): ask for auto or classic`,
          );
        }
        this.#protocols.learn("classic");
        return this.#classic(socket, { incoming, framing: answer.framing });
      case "unanswered":
        break;
    }
    if (!this.#protocols.helloUnanswered()) throw new ConnectError(answer.reason, { accepted: true });
    onEvent({ type: "fallback", reason: answer.reason });
    if (!answer.silent) {
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
    await waitAtMost(HELLO_MS, link.informed);
    return link;
  }

  /** A connection that breaks at hello is one that was closed. */
  async #handshake(
    socket: Socket,
    options: { readonly id: string; readonly incoming: Incoming; readonly patience: number },
  ): Promise<HandshakeResult> {
    try {
      return await handshake(socket, options);
    } catch (error) {
      return { kind: "unanswered", silent: false, reason: `${reasonOf(error)} at hello` };
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
    if (trial) link.ended.then(() => this.#protocols.served(link.answered));
    return link;
  }

  /**
   * Ends what is said and waits for the other side to close. A broker that serves one client after another
   * comes to this connection some day, reads hello and answers it: into a socket that is closed, that would
   * be an error to it, and not every broker of the exercise lives through one.
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
