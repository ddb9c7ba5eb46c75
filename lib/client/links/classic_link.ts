/**
 * One connection in the classic protocol: requests one by one, deliveries as they come.
 *
 * @module
 */
import type { Clock, Timer } from "../../clock.ts";
import { ClassicClientDecoder, type Framing } from "../../protocols/classic/client_decoder.ts";
import { encodeRequest } from "../../protocols/classic/client_requests.ts";
import { visible } from "../../text.ts";
import { encodeText } from "../../wire/bytes.ts";
import { waitAtMost } from "../promises.ts";
import { Incoming } from "../sockets/incoming.ts";
import type { Socket } from "../sockets/socket.ts";
import { Channel } from "./channel.ts";
import { Delivery } from "./delivery.ts";
import type { DeliverySink } from "./delivery_sink.ts";
import { GOODBYE_MS, type LinkEnd } from "./link_end.ts";
import { isTurnedAway } from "./refusals.ts";
import type { Reply, Request } from "./request.ts";

const NOTHING = new Uint8Array(0);
/** Silence behind a part of an answer to hello after which it is another answer. */
const HELLO_REST_MS = 100;

/** What a classic link is made of. */
export interface ClassicLinkOptions {
  readonly id: string;
  readonly clock: Clock;
  readonly sink?: DeliverySink | undefined;
  /** What was read from the socket but not used, if anything was. */
  readonly incoming?: Incoming;
  /** What an answer on this connection has told, if there was one. */
  readonly framing?: Framing;
  /**
   * Hello was said on this connection, and what comes first may be its answer, or the rest of it: a broker
   * whose `OK` was taken for an answer may have been cut short in `OK_2`.
   */
  readonly helloAnswer?: "OK_2" | "_2" | undefined;
}

/**
 * A connection in use.
 *
 * - One request at a time, in one write, and the next only after its reply (C10): brokers of the exercise
 *   take one read for one request. Who calls {@link request} and {@link ask} holds to that.
 * - While it is on trial, what needs v2 waits: see connecting/trial.ts.
 * - Replies and deliveries come in the order the broker sent them.
 * - It ends once, with one reason, and then a request that waits resolves to undefined.
 */
export class ClassicLink {
  readonly protocol = "classic";
  /** Requests that may wait for their answers at once. */
  readonly ahead = 1;
  /** Resolves when the connection has ended; never rejects. */
  readonly ended: Promise<LinkEnd>;
  /** Whether the broker has answered anything: it is one, and it serves this connection. */
  answered: boolean;
  /** Resolves when it has for the first time; else never. */
  readonly firstAnswer: Promise<void>;
  /** Whether the broker may still turn out to speak v2. */
  onTrial = false;
  /**
   * On trial beside a hello that has no answer, or will be: nothing is subscribed to, see the request queue.
   */
  besideHello = false;
  /** The longest time a request has taken so far, milliseconds. */
  slowest = 0;
  /** It has, on this connection: its answer to hello came late, and nothing else can be said here. */
  spokeV2 = false;

  readonly #id: string;
  readonly #clock: Clock;
  readonly #channel: Channel;
  readonly #decoder: ClassicClientDecoder;
  #waiting: ((reply: string | undefined) => void) | undefined;
  /** When the request was sent that was sent last. */
  #askedAt = 0;
  #quietTimer: Timer | undefined;
  #remark: string | undefined;
  #helloAnswer: Uint8Array | undefined;
  #heard = NOTHING;
  readonly #answer = Promise.withResolvers<void>();

  constructor(
    socket: Socket,
    { id, clock, sink, incoming, framing, helloAnswer }: ClassicLinkOptions,
  ) {
    this.#id = id;
    this.#clock = clock;
    this.#helloAnswer = helloAnswer === undefined ? undefined : encodeText(helloAnswer);
    this.firstAnswer = this.#answer.promise;
    if (framing !== undefined) this.#answer.resolve();
    this.answered = framing !== undefined;
    this.#decoder = new ClassicClientDecoder({
      reply: (text) => this.#reply(text),
      remark: (text) => this.#remarked(text),
      ...(sink === undefined
        ? {}
        : { delivery: (topic, payload) => sink.take(Delivery.plain(topic, payload)) }),
    }, framing);
    this.#channel = new Channel(socket, {
      clock,
      incoming: incoming ?? new Incoming(socket, clock),
      receive: (chunk) => {
        clock.cancel(this.#quietTimer);
        if (this.spokeV2 || this.#answersHello(chunk)) return undefined;
        this.#take(this.#heard.length === 0 ? chunk : this.#heard);
        return sink?.held();
      },
    });
    this.ended = this.#channel.ended.then((reason) => this.#end(reason));
  }

  /** Milliseconds for which a request has had no answer; 0: none waits. */
  get waitsSince(): number {
    return this.#waiting === undefined ? 0 : this.#clock.now() - this.#askedAt;
  }

  /** Sends a request; resolves to its reply as it came, or to undefined when the connection ends first. */
  request(bytes: Uint8Array): Promise<string | undefined> {
    if (this.#channel.over) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#askedAt = this.#clock.now();
      this.#decoder.expecting = true;
      void this.#channel.write(bytes);
    });
  }

  /**
   * As {@link request}. Fields are no part of this protocol: who asks has to see to it that nothing hangs on
   * them.
   */
  async ask({ verb, pattern, accepted }: Request): Promise<Reply | undefined> {
    const replied = this.request(encodeRequest(this.#id, verb, pattern));
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      // in its place among the deliveries, which a promise would not keep
      this.#waiting = (text) => {
        if (text === "OK") accepted?.(undefined);
        waiting(text);
      };
    }
    const reply = await replied;
    if (reply === undefined) return undefined;
    return reply === "OK" ? "ok" : { code: reply, text: "" };
  }

  /**
   * Says goodbye and closes; waits so many milliseconds at most for the broker to close first: the side that
   * does keeps the port pair for a minute, and a client that leaves from a fixed local port could not connect
   * again before. A broker that does not end its lines is one of the exercise, which need not know `quit`: no
   * goodbye there, nor while a request waits for its reply.
   */
  async quit({ waitForEnd }: { readonly waitForEnd: number }): Promise<void> {
    if (!this.#channel.over && this.#decoder.framing !== "bare") {
      const clock = this.#clock;
      await waitAtMost(
        { clock, ms: GOODBYE_MS },
        this.#waiting === undefined ? this.request(encodeRequest(this.#id, "quit")) : this.ended,
      );
      await waitAtMost({ clock, ms: waitForEnd }, this.ended);
    }
    this.close();
  }

  /** Ends it; `reason` is why. */
  close(reason?: string): void {
    this.#channel.close(reason);
  }

  #end(reason: string): LinkEnd {
    this.#clock.cancel(this.#quietTimer);
    this.#decoder.end();
    this.#waiting?.(undefined);
    this.#waiting = undefined;
    if (this.#remark === undefined) return { reason };
    return { reason: `the broker said ${this.#remark} and closed the connection`, turnedAway: this.#remark };
  }

  /**
   * A broker answers in order: if its first words are not `OK_2`, hello has no answer. Taken for the answer
   * to the request behind it, `OK_2` would acknowledge what the broker, which reads v2 by now, threw away.
   */
  #answersHello(chunk: Uint8Array): boolean {
    const answer = this.#helloAnswer;
    if (answer === undefined) return false;
    const heard = new Uint8Array(this.#heard.length + chunk.length);
    heard.set(this.#heard);
    heard.set(chunk, this.#heard.length);
    this.#heard = heard;
    if (answer.every((byte, at) => heard.length <= at || heard[at] === byte)) {
      if (heard.length < answer.length) {
        this.#quietTimer = this.#clock.after(HELLO_REST_MS, () => this.#heardAll());
      } else {
        this.answered = this.spokeV2 = true;
        this.#channel.close("the broker answered hello late, it speaks protocol 2");
      }
      return true;
    }
    this.#helloAnswer = undefined;
    return false;
  }

  /** What may have been a part of the answer to hello is all there is. */
  #heardAll(): void {
    // taken for an answer, it may still turn out to be half of one
    this.#helloAnswer = this.#heard.length === 2 ? encodeText("_2") : undefined;
    this.#take(this.#heard);
  }

  #take(chunk: Uint8Array): void {
    this.#heard = NOTHING;
    this.#decoder.push(chunk);
    this.#minds(this.#decoder.patience);
  }

  /** Silence may mean something: see the decoder. */
  #minds(patience: number | undefined): void {
    if (patience === undefined) return;
    this.#quietTimer = this.#clock.after(patience, () => this.#decoder.quiet());
  }

  #reply(text: string): void {
    if (isTurnedAway(text)) return this.#remarked(text);
    this.answered = true;
    this.slowest = Math.max(this.slowest, this.waitsSince);
    this.#answer.resolve();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(text);
  }

  /** Words that are no reply matter when the connection ends: until then anything may follow them. */
  #remarked(text: string): void {
    if (text.startsWith("ERR")) this.#remark = visible(text.slice(0, 200));
  }
}
