/**
 * From nothing to a link: opens a socket, finds out what the broker speaks, and begins anew without hello
 * where hello was too much.
 *
 * @module
 */
import type { Clock } from "../../clock.ts";
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { ClassicLink, type ClassicLinkOptions } from "../links/classic_link.ts";
import type { DeliverySink } from "../links/delivery_sink.ts";
import { FrameLink } from "../links/frame_link.ts";
import type { Link } from "../links/link.ts";
import { NEEDS_TLS } from "../links/refusals.ts";
import { inTime, inWords, LATE, waitAtMost } from "../promises.ts";
import { ConnectError } from "../sockets/connect_error.ts";
import { openSocket } from "../sockets/open_socket.ts";
import type { Socket } from "../sockets/socket.ts";
import { pause } from "./back_off.ts";
import { Greeting } from "./greeting.ts";
import { noAccounts, notLetIn } from "./denials.ts";
import type { HandshakeResult } from "./handshake.ts";
import { ProtocolChoice } from "./protocol_choice.ts";
import { DEFAULT_PORT, type Settings } from "./settings.ts";
import {
  ANSWERED_LATE,
  HUNG_UP,
  judgeAfterEnd,
  judgeBeside,
  judgeSameConnection,
  type Trial,
  type Upgraded,
  type Verdict,
} from "./trial.ts";

/** How long a broker may take to answer hello before it counts as silent. */
const HELLO_MS = 1_000;
/**
 * How long a connection is kept from who waits for it, while its trial goes on: most are over by then, and
 * then nothing was said in vain.
 */
const TRIAL_FIRST_MS = 2_000;
/** How long the connection may take on which a broker that answered late is said hello to again. */
const UPGRADE_MS = 5_000;
/**
 * How long a broker that has spoken v2 may take to answer hello: it is there, it took the connection, and
 * another connection would only be one more for it.
 */
const KNOWN_HELLO_MS = 15_000;
const SPEAKS_TLS = "the port speaks TLS: connect with it (--tls)";
/** A pause between two connections from one local port: the first has to be gone. */
const SAME_PORT_MS = 50;

/** A link, and the port it leaves from. */
export interface Connected {
  readonly link: Link;
  readonly localPort: number;
  /** It is not known yet what the broker speaks. */
  readonly trial?: Trial;
}

/** A socket, and what ends its being closed when the client stops. */
interface Opened {
  readonly socket: Socket;
  readonly release: () => void;
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
    const opened = await this.#open(within);
    if (!this.#protocols.saysHello) return this.#withoutHello(opened);
    const greeting = this.#greet(opened);
    try {
      const connected = await this.#greeted(greeting, this.#clock.now() + within);
      this.#signal.throwIfAborted();
      return connected;
    } catch (error) {
      greeting.close();
      this.#signal.throwIfAborted();
      throw error;
    }
  }

  get #clock(): Clock {
    return this.#settings.machine.clock;
  }

  /** Says hello. */
  #greet({ socket, release }: Opened): Greeting {
    const { id, credentials } = this.#settings;
    return new Greeting(socket, { id, credentials, clock: this.#clock, release });
  }

  async #open(within: number): Promise<Opened> {
    const socket = await openSocket(this.#settings, {
      host: this.#settings.machine,
      within,
      signal: this.#signal,
    });
    const stop = (): void => socket.close();
    this.#signal.addEventListener("abort", stop);
    return { socket, release: () => this.#signal.removeEventListener("abort", stop) };
  }

  /** What comes of a connection on which hello was said; `until`: when the try is over. */
  async #greeted(greeting: Greeting, until: number): Promise<Connected> {
    const answer = await this.#firstAnswer(greeting, until);
    if (answer.kind !== "unanswered") return await this.#answered(greeting, answer);
    if (!answer.silent) return await this.#closed(greeting, { answer, until });
    if (this.#protocols.expects2) throw new ConnectError(answer.reason, { accepted: true });
    const { localPort } = greeting.socket;
    // a second connection from a given local port cannot be had while the first is there
    if (this.#settings.localPort === undefined) return await this.#beside(greeting, until);
    const link = this.#classic(greeting.socket, {
      release: greeting.handOver(),
      incoming: greeting.incoming,
      helloAnswer: "OK_2",
    });
    return { link, localPort, trial: this.#trial(link, judgeSameConnection(link, answer.reason)) };
  }

  /** Waits a second for the answer, says so when there is none, and goes on where waiting is all there is. */
  async #firstAnswer(greeting: Greeting, until: number): Promise<HandshakeResult> {
    const soon = await greeting.answer(HELLO_MS);
    if (soon.kind !== "unanswered" || !soon.silent) return soon;
    const reason = `${soon.reason} within ${inWords(HELLO_MS)}`;
    this.#settings.onEvent({ type: "silent", reason });
    // to find out who somebody is takes its time, and longer where others try, too
    const mayTakeLong = this.#protocols.spoke2 || this.#settings.credentials !== undefined;
    const atLeast = mayTakeLong ? KNOWN_HELLO_MS - HELLO_MS : 0;
    const left = Math.max(until - this.#clock.now(), atLeast);
    const waits = this.#protocols.expects2 || this.#settings.localPort !== undefined;
    if (!waits || left <= 0) return { ...soon, reason };
    const late = await greeting.answer(left);
    return late.kind === "unanswered" && late.silent
      ? { ...late, reason: `${late.reason} within ${inWords(Math.round((HELLO_MS + left) / 100) * 100)}` }
      : late;
  }

  async #answered(
    greeting: Greeting,
    answer: Exclude<HandshakeResult, { readonly kind: "unanswered" }>,
  ): Promise<Connected> {
    const { localPort } = greeting.socket;
    switch (answer.kind) {
      case "2":
        return { link: await this.#frames(greeting), localPort };
      case "denied":
        throw notLetIn(this.#settings);
      case "http":
        throw new ConnectError(speaksHttp(this.#settings), { permanent: true });
      case "turned away":
        if (answer.said === NEEDS_TLS) throw new ConnectError(SPEAKS_TLS, { permanent: true });
        throw new ConnectError(`the broker said ${answer.said}`, { turnedAway: answer.said });
      case "classic": {
        if (this.#protocols.insists) {
          const { address, credentials } = this.#settings;
          const instead = credentials === undefined
            ? "ask for auto or classic"
            : "it has no accounts, so leave the credentials out";
          throw new RunError(
            `the broker at ${address} does not speak protocol 2 (it answered hello with ${
              quote(answer.said)
            }): ${instead}`,
          );
        }
        this.#protocols.learn("classic");
        const { incoming, socket } = greeting;
        const { framing, said } = answer;
        const helloAnswer = framing === "bare" && said === "OK" ? "_2" : undefined;
        const link = this.#classic(socket, {
          release: greeting.handOver(),
          incoming,
          framing,
          helloAnswer,
        });
        link.ended.then(() => {
          if (link.spokeV2) this.#protocols.learn("2");
        });
        return { link, localPort };
      }
    }
  }

  /** Hello ended the connection: one without it may be served. */
  async #closed(
    greeting: Greeting,
    { answer, until }: { readonly answer: { readonly reason: string }; readonly until: number },
  ): Promise<Connected> {
    if (!this.#protocols.helloUnanswered()) throw new ConnectError(answer.reason, { accepted: true });
    greeting.close();
    if (this.#settings.localPort !== undefined) {
      await pause(SAME_PORT_MS, { clock: this.#clock, signal: this.#signal });
    }
    return await this.connect(Math.max(until - this.#clock.now(), HELLO_MS));
  }

  /** Tries a second connection beside the one that is silent, and waits a little for what is to be learnt. */
  async #beside(greeting: Greeting, until: number): Promise<Connected> {
    const { socket, release } = await this.#open(Math.max(until - this.#clock.now(), HELLO_MS));
    const link = this.#classic(socket, { release });
    const { localPort } = socket;
    link.besideHello = true;
    const trial = this.#trial(link, this.#judgeBeside(link, greeting));
    const left = Math.min(TRIAL_FIRST_MS, until - this.#clock.now());
    const verdict = await inTime({ clock: this.#clock, ms: Math.max(left, 0) }, trial.verdict);
    if (verdict === LATE) return { link, localPort, trial };
    if (verdict === undefined) return await this.#notBeside(greeting, until);
    if (verdict.kind === "classic") return { link, localPort };
    link.close();
    if (verdict.kind === "2") return { link: verdict.link, localPort: verdict.localPort };
    throw new ConnectError(ANSWERED_LATE, { accepted: true });
  }

  /**
   * The second connection was not served: perhaps because of the first, which who judged it has ended in good
   * order.
   */
  async #notBeside(greeting: Greeting, until: number): Promise<Connected> {
    const clock = this.#clock;
    const answer = await inTime({ clock, ms: Math.max(until - clock.now(), HELLO_MS) }, greeting.late());
    if (answer === LATE) throw new ConnectError("the broker ended the connection", { accepted: true });
    if (answer.kind === "unanswered") return await this.#closed(greeting, { answer, until });
    if (answer.kind !== "2" && answer.kind !== "classic") {
      return await this.#answered(greeting, answer);
    }
    this.#protocols.learn(answer.kind);
    throw new ConnectError(ANSWERED_LATE, { accepted: true });
  }

  /** The link for a broker that answered hello late: over that connection if it is whole, else a new one. */
  async #upgrade(greeting: Greeting): Promise<Upgraded | undefined> {
    this.#protocols.learn("2");
    const { localPort } = greeting.socket;
    if (!greeting.halfClosed) return { link: await this.#frames(greeting), localPort };
    greeting.close();
    try {
      const { link, localPort } = await this.connect(UPGRADE_MS);
      if (link.protocol === "2") return { link, localPort };
      link.close();
      return undefined;
    } catch {
      return undefined; // it is tried again, as after any loss
    }
  }

  /** A link whose broker has told about itself, as it does right after its answer. */
  async #frames(greeting: Greeting): Promise<FrameLink> {
    this.#protocols.learn("2");
    const { incoming, socket } = greeting;
    const clock = this.#clock;
    const { pingAfter } = this.#settings;
    const link = new FrameLink(socket, { clock, incoming, sink: this.#sink, pingAfter });
    link.ended.then(greeting.handOver());
    const { credentials } = this.#settings;
    await waitAtMost({ clock, ms: credentials === undefined ? HELLO_MS : KNOWN_HELLO_MS }, link.informed);
    if (credentials === undefined || link.account === credentials.user) return link;
    link.close();
    if (link.told) throw noAccounts(this.#settings, credentials.user);
    throw new ConnectError("the broker ended the connection at hello", { accepted: true });
  }

  /** Hello would be too much, or was not asked for. */
  #withoutHello({ socket, release }: Opened): Connected {
    const link = this.#classic(socket, { release });
    const { localPort } = socket;
    if (!this.#protocols.onTrial) return { link, localPort };
    link.ended.then(() => this.#protocols.served(link.answered));
    link.besideHello = this.#settings.localPort === undefined;
    const verdict = link.besideHello
      ? this.#judgeBeside(link)
      : judgeAfterEnd(link, { clock: this.#clock, reason: HUNG_UP });
    return { link, localPort, trial: this.#trial(link, verdict) };
  }

  #judgeBeside(link: ClassicLink, greeting?: Greeting): Promise<Verdict | undefined> {
    return judgeBeside({
      link,
      clock: this.#clock,
      greeting,
      sayHello: () => this.#sayHelloBeside(),
      upgrade: (from) => this.#upgrade(from),
      patience: this.#settings.helloPatience,
    });
  }

  /** Says hello on one more connection; undefined: there is none to be had. */
  async #sayHelloBeside(): Promise<Greeting | undefined> {
    try {
      return this.#greet(await this.#open(UPGRADE_MS));
    } catch {
      return undefined; // whoever judges makes of it what can be made
    }
  }

  #classic(
    socket: Socket,
    { release, ...options }: Omit<ClassicLinkOptions, "id" | "sink" | "clock"> & {
      readonly release: () => void;
    },
  ): ClassicLink {
    const { id } = this.#settings;
    const link = new ClassicLink(socket, { id, clock: this.#clock, sink: this.#sink, ...options });
    link.ended.then(release);
    return link;
  }

  /** The trial of a link: what it shows is learnt and told before anybody acts on it. */
  #trial(link: ClassicLink, judged: Promise<Verdict | undefined>): Trial {
    link.onTrial = true;
    link.ended.then(() => {
      if (link.spokeV2) this.#protocols.learn("2");
    });
    const once = this.#protocols.onTrial && this.#settings.localPort !== undefined;
    const learn = (): void => once ? this.#protocols.served(true) : this.#protocols.learn("classic");
    const verdict = judged.then((verdict) => {
      if (verdict?.kind === "classic") {
        link.onTrial = link.besideHello = false;
        if (verdict.learnt) learn();
        else void link.firstAnswer.then(learn);
        this.#settings.onEvent({ type: "fallback", reason: verdict.reason });
      }
      return verdict;
    });
    return { link, verdict };
  }
}

function speaksHttp({ role, port }: Settings): string {
  const usual = DEFAULT_PORT[role];
  return `the port speaks HTTP: ${role}s have another${port === usual ? "" : ` (${usual})`}`;
}
