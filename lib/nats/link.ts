/**
 * A connection to a NATS cluster, as the engine sees it.
 *
 * @module
 */
import { errors, headers, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import type {
  NatsHeaders,
  NatsLink,
  NatsLinkState,
  NatsMessage,
  NatsSending,
  NatsSubscription,
  NatsWatcher,
} from "../engine/nats/port.ts";
import { connectionOptions, type LinkOptions } from "./connection_options.ts";
import { connect, hearStatus } from "./transport.ts";

type Flushed = (taken: boolean) => void;
const LOST = "the connection was lost";

/**
 * Guarantees: calls back in the order in which NATS answered; behind {@link NatsWatcher.down} nothing that
 * was written before is answered any more.
 */
export class NatsConnectionLink implements NatsLink {
  /** Resolves, with the reason, when it has ended and will not come back; not where it was closed. */
  readonly lost: Promise<string>;
  readonly #connection: NatsConnection;
  readonly #watchers: NatsWatcher[] = [];
  readonly #lost = Promise.withResolvers<string>();
  /** Those that have no answer, the oldest first. */
  #flushes: Flushed[] = [];
  /** Goes up each time it is lost: what was asked before has its answer. */
  #age = 0;
  #up = true;
  #reconnects = 0;
  #reading = false;
  /** What the server has said was wrong, since it was connected last. */
  #said: string | undefined;
  #closing = false;
  #maxPayload: number;
  #server: string;
  #version: string;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    this.lost = this.#lost.promise;
    this.#maxPayload = connection.info!.max_payload;
    this.#server = connection.getServer();
    this.#version = connection.info!.version;
    void this.#follow();
    hearStatus(connection, (status) => {
      if (status.type === "error") this.#denied(status.error);
    });
    void connection.closed().then((error) => {
      // who closes it knows that it is
      if (this.#closing) return;
      this.#down("it was closed");
      this.#lost.resolve(error?.message ?? "the connection was closed");
    });
  }

  /** Connects once, `first` as {@link connect} has it. Rejects with what the NATS client says. */
  static async open(options: LinkOptions, first?: number): Promise<NatsConnectionLink> {
    return new NatsConnectionLink(await connect(connectionOptions(options), first));
  }

  /** The connection itself, for who needs more of it than the engine's port. */
  get connection(): NatsConnection {
    return this.#connection;
  }

  get up(): boolean {
    return this.#up;
  }

  get maxPayload(): number {
    return this.#maxPayload;
  }

  get state(): NatsLinkState {
    const { inMsgs, inBytes, outMsgs, outBytes } = this.#connection.stats();
    return {
      server: this.#server,
      version: this.#version,
      up: this.#up,
      reconnects: this.#reconnects,
      inMessages: inMsgs,
      inBytes,
      outMessages: outMsgs,
      outBytes,
    };
  }

  publish(subject: string, bytes: Uint8Array, sending?: NatsSending): void {
    // who has ended it, or lost it for good, is told by other ways
    if (this.#connection.isClosed()) return;
    if (sending === undefined) return this.#connection.publish(subject, bytes);
    const { headers: named, reply } = sending;
    this.#connection.publish(subject, bytes, {
      ...(named === undefined ? {} : { headers: headersOf(named) }),
      ...(reply === undefined ? {} : { reply }),
    });
  }

  subscribe(
    subject: string,
    onMessage: (message: NatsMessage) => void,
    { queue }: { readonly queue?: string | undefined } = {},
  ): NatsSubscription {
    if (this.#connection.isClosed()) return NO_SUBSCRIPTION;
    const subscription = this.#connection.subscribe(subject, {
      ...(queue === undefined ? {} : { queue }),
      callback: (error, message) => {
        if (error === null) this.#message(message, onMessage);
      },
    });
    return {
      unsubscribe: () => subscription.unsubscribe(),
      drain: () => {
        if (!this.#connection.isClosed() && !subscription.isClosed()) {
          subscription.drain().catch(reportError);
        }
      },
    };
  }

  flush(done: Flushed): void {
    if (!this.#up || this.#connection.isClosed()) return queueMicrotask(() => done(false));
    const age = this.#age;
    this.#flushes.push(done);
    this.#connection.flush().then(
      () => {
        if (age === this.#age) this.#flushes.shift()!(true);
      },
      // it went down, and who waited has been told, or is about to be
      () => {
        if (age === this.#age) this.#down(this.#said ?? LOST);
      },
    );
  }

  watch(watcher: NatsWatcher): void {
    this.#watchers.push(watcher);
  }

  close(closed: () => void): void {
    this.#closing = true;
    void this.#connection.close().then(closed);
  }

  #message(message: Msg, onMessage: (message: NatsMessage) => void): void {
    if (!this.#reading) {
      this.#reading = true;
      // the client hands on all messages of a read in one go
      queueMicrotask(() => this.#read());
    }
    try {
      onMessage(new Received(message));
    } catch (error) {
      // thrown from here it would end the client's reading without a word
      reportError(error);
    }
  }

  #read(): void {
    this.#reading = false;
    for (const { read } of this.#watchers) read?.();
  }

  async #follow(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (this.#closing) return;
      // what the server says before it cuts us off
      if (status.type === "error") this.#said = status.error.message;
      if (status.type === "disconnect") this.#down(this.#said ?? LOST);
      else if (status.type === "reconnect") this.#back();
    }
  }

  #denied(error: Error): void {
    if (!(error instanceof errors.PermissionViolationError)) return;
    const { operation, subject, message } = error;
    const denied = { operation, subject, reason: `NATS: ${message}` };
    try {
      for (const watcher of this.#watchers) watcher.denied?.(denied);
    } catch (error) {
      // as in a message's
      reportError(error);
    }
  }

  #down(reason: string): void {
    if (!this.#up) return;
    this.#up = false;
    this.#said = undefined;
    this.#age++;
    const flushes = this.#flushes;
    this.#flushes = [];
    for (const done of flushes) done(false);
    for (const { down } of this.#watchers) down?.(reason);
  }

  #back(): void {
    if (this.#up || this.#connection.isClosed()) return;
    this.#up = true;
    this.#reconnects++;
    this.#server = this.#connection.getServer();
    const { info } = this.#connection;
    if (info !== undefined) {
      this.#maxPayload = info.max_payload;
      this.#version = info.version;
    }
    for (const { up } of this.#watchers) up?.();
  }
}

/** Whether another attempt with the same options is of no use. */
export function isHopeless(error: unknown): boolean {
  return error instanceof errors.AuthorizationError || error instanceof errors.UserAuthenticationExpiredError;
}

const NO_SUBSCRIPTION: NatsSubscription = { unsubscribe: () => {}, drain: () => {} };

class Received implements NatsMessage {
  readonly #message: Msg;

  constructor(message: Msg) {
    this.#message = message;
  }

  get subject(): string {
    return this.#message.subject;
  }

  get reply(): string {
    return this.#message.reply ?? "";
  }

  get hasHeaders(): boolean {
    return this.#message.headers !== undefined;
  }

  get headers(): NatsHeaders | undefined {
    const { headers } = this.#message;
    return headers === undefined ? undefined : namesOf(headers);
  }

  get status(): number {
    return this.#message.headers?.code ?? 0;
  }

  get description(): string | undefined {
    return this.#message.headers?.description;
  }

  get bytes(): Uint8Array {
    return this.#message.data;
  }
}

function namesOf(headers: MsgHdrs): [string, string][] {
  return headers.keys().flatMap((name) =>
    headers.values(name).map((value): [string, string] => [name, value])
  );
}

function headersOf(named: NatsHeaders): MsgHdrs {
  const made = headers();
  for (const [name, value] of named) made.append(name, value);
  return made;
}
