/**
 * Clients on a machine that a test moves: what they tell, and what becomes of what they are asked for.
 *
 * @module
 */
import { openPublisher } from "../../../lib/client/publishing/publisher.ts";
import { openSubscriber } from "../../../lib/client/subscribing/subscriber.ts";
import type { ClientEvent, ConnectOptions, Publisher, Subscriber } from "../../../lib/client/types.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import type { HandedSocket } from "../links/handed_socket.ts";
import { HandedMachine } from "./handed_machine.ts";

/** One client, connected by {@link connect} or {@link subscribe}. No sign of life is asked for, unless wanted. */
export class ConnectionBench {
  readonly machine = new HandedMachine();
  readonly clock = this.machine.clock;
  readonly stop = new AbortController();
  readonly #events: ClientEvent[] = [];
  /** What has ended, by its name, and with what. */
  readonly #ends: string[] = [];
  readonly #options: Partial<ConnectOptions>;

  constructor(options: Partial<ConnectOptions> = {}) {
    this.#options = { pingAfter: 0, ...options };
  }

  /** Begins to connect a publisher. */
  connect(): Promise<Publisher> {
    return within("a publisher", openPublisher(this.#all("p1"), this.machine));
  }

  /** Begins to connect a subscriber. */
  connectSubscriber(): Promise<Subscriber> {
    return within("a subscriber", openSubscriber(this.#all("s1"), this.machine));
  }

  /** A publisher over v2. */
  async frames(): Promise<{ readonly publisher: Publisher; readonly socket: HandedSocket }> {
    const connecting = this.connect();
    const socket = await this.machine.hello();
    socket.come('OK_2\ninfo {"durable":[]}\n');
    const publisher = await connecting;
    this.#events.splice(0);
    return { publisher, socket };
  }

  /** A publisher in classic, which was asked for. */
  async classic(): Promise<{ readonly publisher: Publisher; readonly socket: HandedSocket }> {
    const connecting = this.connect();
    const socket = await this.machine.accept();
    const publisher = await connecting;
    this.#events.splice(0);
    return { publisher, socket };
  }

  /** A subscriber over v2. */
  async framesSubscriber(): Promise<{ readonly subscriber: Subscriber; readonly socket: HandedSocket }> {
    const connecting = this.connectSubscriber();
    const socket = await this.machine.hello("s1");
    socket.come("OK_2\ninfo {}\n");
    const subscriber = await connecting;
    this.#events.splice(0);
    return { subscriber, socket };
  }

  /** Notes how this ends. */
  async watch(name: string, ending: Promise<unknown>): Promise<void> {
    ending.then(
      () => this.#ends.push(name),
      (error) => this.#ends.push(`${name}: ${error.message} (${error.code})`),
    );
    await settled();
  }

  /** What was told since the last time. */
  async told(): Promise<ClientEvent[]> {
    await settled();
    return this.#events.splice(0);
  }

  /** What has ended since the last time. */
  async ended(): Promise<string[]> {
    await settled();
    return this.#ends.splice(0);
  }

  #all(id: string): ConnectOptions {
    const onEvent = (event: ClientEvent): void => void this.#events.push(event);
    return { id, signal: this.stop.signal, ...this.#options, onEvent };
  }
}
