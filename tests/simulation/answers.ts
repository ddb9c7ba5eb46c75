/**
 * What a client without a library is answered, held against what it should be.
 *
 * @module
 */
import type { Stage } from "./actors.ts";
import type { Sent } from "./history.ts";
import { Lines } from "./lines.ts";

/** What somebody waits for. */
export interface Expected {
  /** A code, "ok" or "pong"; undefined: nothing. */
  readonly answer: string | undefined;
  readonly sent?: Sent;
  readonly last?: boolean;
}

/** Why a broker may say `bye` to anybody. */
const FAREWELLS: ReadonlySet<string> = new Set(["DRAINING", "SLOW_CONSUMER", "TIMEOUT"]);

/** The answers of one connection, in their order (C2, V2). */
export class Answers {
  readonly #stage: Stage;
  readonly #name: string;
  readonly #classic: boolean;
  readonly #mayBeRefused: (code: string, sent: Sent | undefined) => boolean;
  readonly #expected: Expected[] = [];
  readonly #lines = new Lines((line) => this.#line(line));
  #over = false;

  constructor(stage: Stage, { name, classic, mayBeRefused }: {
    readonly name: string;
    readonly classic: boolean;
    /** Whether a moment, not the request, may be why it is refused. */
    readonly mayBeRefused: (code: string, sent: Sent | undefined) => boolean;
  }) {
    this.#stage = stage;
    this.#name = name;
    this.#classic = classic;
    this.#mayBeRefused = mayBeRefused;
  }

  /** How many are still to come; none behind a goodbye. */
  get owed(): number {
    return this.#over ? 0 : this.#expected.length;
  }

  expect(expected: Expected): void {
    if (expected.answer !== undefined) this.#expected.push(expected);
  }

  /** These bytes came. */
  take(bytes: Uint8Array): void {
    this.#lines.take(bytes);
  }

  /** How many bytes behind it are a delivery. */
  #line(line: string): number {
    const [verb = "", first = "", second = "", third = ""] = line.split(" ");
    if (this.#classic) {
      this.#answered(line === "OK" ? "ok" : line.replace(/^ERR_/, ""));
      return 0;
    }
    switch (verb) {
      case "OK_2":
      case "info":
      case "gap":
        break;
      case "pub":
        return Number(second) + 1;
      case "batch":
        return Number(third);
      case "pong":
        this.#answered("pong");
        break;
      case "err":
        this.#answered(first);
        break;
      case "ok":
        this.#succeeded(Number(first), line);
        break;
      case "bye":
        this.#farewell(first);
        break;
      default:
        this.#wrong(`was told ${JSON.stringify(line.slice(0, 40))}`);
    }
    return 0;
  }

  #succeeded(count: number, line: string): void {
    const last = /seq=(\d+)/.exec(line)?.[1];
    for (let left = count; left > 0; left--) {
      const sent = this.#answered("ok");
      if (sent === undefined) continue;
      sent.ackedAt = sent.answeredAt = this.#stage.world.now;
      if (last !== undefined) sent.seq = Number(last) - left + 1;
    }
  }

  /** What was answered, if that was a message. */
  #answered(answer: string): Sent | undefined {
    const expected = this.#expected.shift();
    const sent = expected?.sent;
    if (expected === undefined) this.#wrong(`was answered ${answer} and had asked nothing`);
    else if (this.#mayBeRefused(answer, sent)) this.#refused(sent, answer);
    else if (expected.answer !== answer) {
      this.#wrong(`was answered ${answer} where it should be ${expected.answer}`);
    } else if (answer === "ok" && this.#classic && sent !== undefined) {
      sent.ackedAt = sent.answeredAt = this.#stage.world.now;
    }
    return sent;
  }

  #refused(sent: Sent | undefined, code: string): void {
    if (sent === undefined) return;
    sent.failed = code;
    sent.answeredAt = this.#stage.world.now;
  }

  #farewell(code: string): void {
    const [expected] = this.#expected;
    this.#over = true;
    if (FAREWELLS.has(code)) return;
    if (expected?.last === true && (expected.answer === code || this.#mayBeRefused(code, expected.sent))) {
      this.#expected.shift();
      return;
    }
    this.#wrong(`was told bye ${code} where ${expected?.answer ?? "nothing"} should be`);
  }

  #wrong(what: string): void {
    this.#stage.errors.push(`${this.#name} ${what}`);
  }
}
