/**
 * How far a group has come, and what of that is stored.
 *
 * @module
 */
import { Chunk, Slice } from "../../buffers.ts";
import type { GroupMark, GroupName, Store } from "../../store/types.ts";
import type { Acknowledgement, Level, Receipt } from "../types.ts";
import { Piece } from "../durable/piece.ts";
import type { DeadLetters } from "./dead_letters.ts";
import type { Grant } from "./grant.ts";
import { Ledger } from "./ledger.ts";
import type { Marked, Part, Settlements } from "./settlements.ts";
import { type RunParts, storedRun } from "./stored_runs.ts";

/** Whom it tells. */
export interface ProgressOwner extends RunParts {
  readonly store: Store;
  readonly settlements: Settlements;
  /** How safe it is that something is settled when that is answered. */
  readonly level: Level;
}

/** Messages that died, and that are settled with the commit that stores them. */
interface Burial {
  readonly letters: DeadLetters;
  readonly grant: Grant;
  settled: boolean;
}

/**
 * Guarantees: what is settled is answered when that is stored; dead letters are stored in the commit that
 * settles what they were made of, or neither is; what cannot be stored is tried again with a later commit,
 * and answered then.
 */
export class Progress implements Marked {
  readonly ledger: Ledger;
  readonly #group: GroupName;
  readonly #sequence: number;
  readonly #owner: ProgressOwner;
  readonly #done: Receipt;
  #answers: Acknowledgement[] = [];
  #burials: Burial[] = [];
  /** Parts that are being stored. */
  #underWay = 0;
  #told: (() => void) | undefined;

  /** Goes on from a mark. Throws TypeError where that is damaged. */
  constructor(group: GroupName, mark: GroupMark, owner: ProgressOwner) {
    // what has been handed on may be less than what the mark knows of
    this.ledger = new Ledger(mark, owner.store.state.last);
    this.#group = { name: group.name, pattern: group.pattern };
    this.#sequence = mark.sequence;
    this.#owner = owner;
    this.#done = { reached: undefined, level: owner.level, last: undefined, topic: undefined };
  }

  /** Whether all there is to be known is stored. */
  get clean(): boolean {
    return this.#underWay === 0 && !this.#hasNews;
  }

  /** Messages are settled: to be stored when there is time, or with an {@link answer}. */
  settle({ unit, topic, from, end }: Grant): void {
    this.ledger.settle(unit, topic, { from, end });
    this.#owner.settlements.changed(this, "soon");
  }

  /** What was missed until now has been told: the next mark says so. */
  told(): void {
    this.ledger.touch();
    this.#owner.settlements.changed(this, "soon");
  }

  /** Called when all that was settled until now is stored. */
  answer(answer: Acknowledgement): void {
    this.#answers.push(answer);
    this.#owner.settlements.changed(this, "now");
  }

  /** Messages will have been given out so often with the next time. */
  again({ topic, from, end }: Grant, attempt: number): void {
    this.ledger.again(topic, { from, end }, attempt);
    this.#owner.settlements.changed(this, "soon");
  }

  /** Messages are settled, and stored once more as these. */
  bury(letters: DeadLetters, grant: Grant): void {
    this.#burials.push({ letters, grant, settled: false });
    this.#owner.settlements.changed(this, "now");
  }

  /** Calls back once when it is {@link clean}: nothing more is settled then. */
  whenClean(callback: () => void): void {
    if (this.clean) return callback();
    this.#told = callback;
    this.#owner.settlements.changed(this, "now");
  }

  take(): Part | undefined {
    if (!this.#hasNews) return undefined;
    const { name, pattern } = this.#group;
    const [answers, burials] = [this.#answers, this.#burials];
    this.#answers = [];
    this.#burials = [];
    for (const burial of burials) this.#settle(burial);
    const taken = this.ledger.take();
    this.#underWay++;
    return {
      mark: { name, pattern, sequence: this.#sequence, ...taken },
      forget: undefined,
      pieces: burials.map(({ letters }) => this.#pieceOf(letters)),
      stored: () => {
        this.#underWay--;
        for (const { letters } of burials) letters.stored();
        for (const answer of answers) answer.acknowledge(this.#done);
        if (this.clean) this.#told?.();
        else if (this.ledger.isCrowded) this.#owner.settlements.changed(this, this.#told ? "now" : "soon");
      },
      refused: () => {
        this.#underWay--;
        this.#answers = [...answers, ...this.#answers];
        this.#burials = [...burials, ...this.#burials];
        this.ledger.untake(taken);
      },
    };
  }

  get #hasNews(): boolean {
    return this.#answers.length > 0 || this.#burials.length > 0 || this.ledger.hasNews;
  }

  /** Once: a commit that was refused has left it settled, and its mark is stored with the letters or not. */
  #settle(burial: Burial): void {
    const { unit, topic, from, end } = burial.grant;
    if (!burial.settled) this.ledger.settle(unit, topic, { from, end });
    burial.settled = true;
  }

  #pieceOf({ topic, count, bytes }: DeadLetters): Piece {
    const chunk = new Chunk(bytes);
    const run = storedRun(new Slice(chunk), { topic, count, stored: undefined }, this.#owner);
    run.keep();
    return new Piece({ part: run, acknowledgement: NOBODY, mayBegin: "always" });
  }
}

/** Nobody waits for these. */
const NOBODY: Acknowledgement = { acknowledge: () => {}, refuse: () => {} };
