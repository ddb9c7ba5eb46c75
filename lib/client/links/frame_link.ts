/**
 * One connection in protocol v2: requests sent ahead, answers many at a time, deliveries as they come.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { FrameClientDecoder, FrameFound } from "../../protocols/frames/client_decoder.ts";
import type { FrameLine, FrameReceipt } from "../../protocols/frames/client_lines.ts";
import { visible } from "../../text.ts";
import { encodeText } from "../../wire/bytes.ts";
import { Fifo } from "../fifo.ts";
import { Gap } from "../gap.ts";
import { waitAtMost } from "../promises.ts";
import type { Incoming } from "../sockets/incoming.ts";
import type { Socket } from "../sockets/socket.ts";
import { Channel } from "./channel.ts";
import { Delivery, type Notice, StoredDelivery } from "./delivery.ts";
import type { DeliverySink } from "./delivery_sink.ts";
import { Heartbeat } from "./heartbeat.ts";
import { GOODBYE_MS, type LinkEnd } from "./link_end.ts";
import type { Refusal, Reply, Request } from "./request.ts";
import { type Settlement, Settlements } from "./settlements.ts";

/** Who takes the answers to what was written with {@link FrameLink.write}. */
export interface Answers {
  /** The oldest so many succeeded; false: there are not so many. */
  succeeded(count: number, receipt: FrameReceipt): boolean;
  /** The oldest was refused; false: there is none. */
  refused(why: Refusal): boolean;
  /** How many wait. */
  readonly waiting: number;
  /** The broker takes nothing more in: what is written from now on will not be answered. */
  stopped(): void;
}

/** What a v2 link is made of. */
export interface FrameLinkOptions {
  readonly clock: Clock;
  readonly incoming: Incoming;
  readonly sink?: DeliverySink | undefined;
  /** Milliseconds of silence after which the broker is asked whether it is there; 0: never. */
  readonly pingAfter: number;
}

/**
 * A broker that holds a publisher back for a slow subscriber reads nothing from it, a ping neither, and what
 * is being stored, or waits for NATS (N2), is answered before one: while requests wait, silence says less,
 * and is borne so many times as long. No longer: a broker that is gone says no more than that.
 */
const PATIENCE_WHILE_ASKING = 8;
/** A request that waits for its answer. */
interface Asked {
  readonly resolve: (reply: Reply | undefined) => void;
  readonly accepted?: Request["accepted"];
}

/**
 * Codes of a `bye` to a request that broke the framing: the oldest that has no answer, for all before it have
 * one.
 */
const BROKE_FRAMING = new Set(["BAD_LENGTH", "BAD_UTF8", "LINE_TOO_LONG", "UNKNOWN_COMMAND"]);
/** Codes whose sentence says it all. */
const PLAIN_BYES = new Set(["DENIED", "DRAINING", "SLOW_CONSUMER"]);
/** Ends that the other side, or the network, has made. */
const BROKE_OFF = new Set(["the broker closed the connection", "connection reset"]);
/** Requests of {@link FrameLink.ask} that may wait at once. */
const AHEAD = 1024;

/** Guarantees as those of a classic link, with {@link ahead} requests at a time. */
export class FrameLink {
  readonly protocol = "2";
  readonly ahead = AHEAD;
  readonly ended: Promise<LinkEnd>;
  readonly answered = true;
  readonly onTrial = false;
  /** Bytes a header may have, as far as the broker has told. */
  lineMost: number | undefined;
  /** The patterns of its durable topics, as far as the broker has told. */
  durable: readonly string[] = [];
  /** Whose account the broker has let this in as, where it has accounts and has told (A5). */
  account: string | undefined;
  /** Resolves when the broker has told about itself, or the connection has ended. */
  readonly informed: Promise<void>;
  /** Whether it has. */
  told = false;

  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #sink: DeliverySink | undefined;
  readonly #decoder = new FrameClientDecoder();
  readonly #heartbeat: Heartbeat | undefined;
  readonly #asked = new Fifo<Asked>();
  readonly #settlements: Settlements = new Settlements({
    send: (settlements) => this.write(encodeText(this.#expect(settlements))),
  });
  readonly #info = Promise.withResolvers<void>();
  #answers: Answers | undefined;
  #byeReason: string | undefined;
  #denied = false;

  constructor(socket: Socket, { clock, incoming, sink, pingAfter }: FrameLinkOptions) {
    this.#clock = clock;
    this.#sink = sink;
    this.#channel = new Channel(socket, { clock, incoming, receive: (chunk) => this.#receive(chunk) });
    this.ended = this.#channel.ended.then((reason) => this.#end(reason));
    this.informed = this.#info.promise;
    if (pingAfter > 0) this.#heartbeat = this.#listenFor(pingAfter);
  }

  /**
   * From now on answers are for what is written with {@link write}; nothing is asked with {@link ask} then.
   */
  set answers(answers: Answers) {
    this.#answers = answers;
  }

  /** Writes after what is being written; resolves when it is done or never will be. */
  write(bytes: Uint8Array): Promise<void> {
    return this.#channel.write(bytes);
  }

  /** Sends a request; resolves to its answer, or to undefined when the connection ends first. */
  ask({ verb, pattern, fields, accepted }: Request): Promise<Reply | undefined> {
    if (this.#channel.over) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      // what was settled before is answered before, and of a group that is left nothing more comes for it
      const settled = this.#expect(this.#settlements.take());
      this.#asked.push({ resolve, accepted });
      void this.write(encodeText(`${settled}${verb} ${pattern}${fields}\n`));
    });
  }

  /** Says goodbye, lets the broker close first if it does so within that time, and closes. */
  async quit({ waitForEnd }: { readonly waitForEnd: number }): Promise<void> {
    if (!this.#channel.over) {
      void this.write(encodeText("quit\n"));
      await waitAtMost({ clock: this.#clock, ms: GOODBYE_MS + waitForEnd }, this.ended);
    }
    this.close();
  }

  /** Ends it; `reason` is why. */
  close(reason?: string): void {
    this.#channel.close(reason);
  }

  #end(reason: string): LinkEnd {
    this.#heartbeat?.stop();
    this.#info.resolve();
    this.#settlements.end();
    for (const { resolve } of this.#asked.takeFrom(0)) resolve(undefined);
    const why = this.#byeReason ?? (this.#cutShort(reason) ? `${reason} ${this.#where}` : reason);
    return { reason: why, denied: this.#denied };
  }

  /** Whether the connection broke off where a broker would not have ended it. */
  #cutShort(reason: string): boolean {
    return BROKE_OFF.has(reason) && this.#decoder.unfinished;
  }

  /** Who reads too slowly cannot be told why it is cut off: it does not read. */
  get #where(): string {
    return this.#sink === undefined
      ? "in the middle of an answer"
      : "in the middle of a message, as a broker does with who reads too slowly (see slow=, --stall-timeout)";
  }

  #receive(chunk: Uint8Array): Promise<void> | undefined {
    const decoder = this.#decoder;
    const sink = this.#sink;
    decoder.push(chunk);
    for (;;) {
      switch (decoder.next()) {
        case FrameFound.Delivery:
          sink?.take(new Delivery(decoder.topic, decoder));
          break;
        case FrameFound.Stored:
          sink?.takeStored(new StoredDelivery(decoder.topic, decoder));
          break;
        case FrameFound.Shared:
          sink?.takeShared(decoder.topic, decoder, this.#settlements);
          break;
        case FrameFound.Line:
          this.#line(decoder.line);
          break;
        case FrameFound.Nothing:
          return sink?.held();
        case FrameFound.Broken:
          throw new RangeError(`the broker broke protocol 2: ${visible(decoder.problem)}`);
      }
    }
  }

  #line(line: FrameLine): void {
    switch (line.verb) {
      case "ok":
        return this.#succeeded(line.count, line.receipt);
      case "err":
        return this.#refused(line);
      case "gap":
        return this.#sink?.take(new Gap(line.pattern, line.count, line.group));
      case "info":
        return this.#informed(line.fields);
      case "bye":
        return this.#bye(line);
      case "pong":
        return; // that anything came is what was wanted
    }
  }

  /** The answers to these come next; the lines that ask for them. */
  #expect(settlements: readonly Settlement[]): string {
    let lines = "";
    for (const each of settlements) {
      if (this.#channel.over) {
        each.answered(undefined);
        continue;
      }
      lines += each.line;
      this.#asked.push({ resolve: (reply) => each.answered(reply) });
    }
    return lines;
  }

  #succeeded(count: number, receipt: FrameReceipt): void {
    if (this.#answers !== undefined) {
      if (this.#answers.succeeded(count, receipt)) return;
    } else if (count <= this.#asked.size) {
      for (let left = count; left > 0; left--) {
        const { resolve, accepted } = this.#asked.shift()!;
        // one that says where it begins answers nothing else
        if (left === 1) accepted?.(receipt.from, receipt.last);
        else accepted?.();
        resolve("ok");
      }
      return;
    }
    throw new RangeError(`the broker broke protocol 2: it answered ${count} requests that were not made`);
  }

  #refused(why: Refusal): void {
    if (this.#answers !== undefined) {
      if (this.#answers.refused(why)) return;
    } else {
      const asked = this.#asked.shift();
      if (asked !== undefined) return asked.resolve(why);
    }
    throw new RangeError("the broker broke protocol 2: it refused a request that was not made");
  }

  #informed(fields: Readonly<Record<string, unknown>>): void {
    const notice = noticeOf(fields);
    if (notice !== undefined) return this.#sink?.notice(notice);
    if (typeof fields.behind === "string") return this.#sink?.fellBehind(fields.behind);
    if (fields.draining === true) this.#answers?.stopped();
    const { account, max, durable, ackTimeout, maxAttempts } = fields;
    if (typeof account === "string") this.account = account;
    if (typeof ackTimeout === "number" && ackTimeout > 0) this.#settlements.ackTimeout = ackTimeout;
    if (typeof maxAttempts === "number" && maxAttempts > 0) this.#settlements.maxAttempts = maxAttempts;
    if (Array.isArray(durable)) this.durable = durable.filter((each) => typeof each === "string");
    if (typeof max === "object" && max !== null && "line" in max) {
      if (typeof max.line === "number" && max.line > 0) this.lineMost = max.line;
    }
    this.told = true;
    this.#info.resolve();
  }

  #bye({ code, text }: Refusal): void {
    this.#answers?.stopped();
    if (BROKE_FRAMING.has(code)) {
      const waiting = this.#answers?.waiting ?? this.#asked.size;
      if (waiting > 0) this.#refused({ code, text });
    }
    this.#denied = code === "DENIED";
    const said = visible(text.slice(0, 200));
    this.#byeReason = PLAIN_BYES.has(code)
      ? said
      : `the broker said bye ${visible(code.slice(0, 50))}: ${said}`;
  }

  #listenFor(pingAfter: number): Heartbeat {
    const channel = this.#channel;
    const waiting = (): number => this.#answers?.waiting ?? this.#asked.size;
    return new Heartbeat({
      get silence() {
        return channel.silence;
      },
      get patience() {
        return waiting() > 0 ? PATIENCE_WHILE_ASKING * pingAfter : pingAfter;
      },
      ping: () => void this.write(encodeText("ping\n")),
      lost: (silence) => {
        this.close(`no sign of life from the broker for ${Math.round(silence / 1000)} s`);
      },
    }, { clock: this.#clock, askAfter: pingAfter });
  }
}

/** `{"live":"#a"}`, `{"end":"#a"}`, `{"failed":"#a","reason":"…"}`, `{"ended":"#a","reason":"…"}`. */
function noticeOf(fields: Readonly<Record<string, unknown>>): Notice | undefined {
  for (const kind of ["live", "end", "failed", "ended"] as const) {
    const { [kind]: pattern, group } = fields;
    if (typeof pattern !== "string") continue;
    const of = typeof group === "string" ? group : undefined;
    return {
      kind,
      pattern,
      group: of,
      reason: typeof fields.reason === "string" ? visible(fields.reason) : "",
    };
  }
  return undefined;
}
