/**
 * Dead letters: messages that were given out as often as they may be (G11).
 *
 * @module
 */
import { decodeText } from "../../../text.ts";
import { RecordReader } from "../../../wire/records.ts";
import type { Run } from "../../../wire/run.ts";
import { deadLettersOf } from "../../groups/dead_letters.ts";
import type { Cause } from "../../groups/redelivery.ts";
import type { Subjects } from "../subjects.ts";
import type { Acks } from "./acks.ts";
import { RETRY_MS } from "./limits.ts";
import { type Publishing, storedHeaders } from "./publishing.ts";

/** What it works with. */
export interface BurialParts {
  readonly publishing: Pick<Publishing, "send">;
  readonly acks: Pick<Acks, "settle" | "giveBack">;
  readonly subjects: Subjects;
  /** Bytes that the name of a topic may have. */
  readonly topicMost: number;
  readonly flush: () => void;
}

/** One that is dead. */
export interface Dead {
  /** It alone, kept; released here. */
  readonly run: Run;
  readonly sequence: number;
  /** Where JetStream is told what became of it. */
  readonly reply: string;
  /** The group's name, and its consumer's. */
  readonly group: string;
  readonly consumer: string;
  readonly attempts: number;
  readonly cause: Cause;
}

/**
 * Guarantees: a message is settled when the stream has its dead letter, and not before; whoever dies between
 * the two leaves it to be buried once more, and by its id the dead letter is there once.
 */
export class Burial {
  readonly #parts: BurialParts;

  constructor(parts: BurialParts) {
    this.#parts = parts;
  }

  bury({ run, sequence, reply, group, consumer, attempts, cause }: Dead): void {
    const { publishing, acks, subjects, topicMost, flush } = this.#parts;
    const { topic, bytes } = deadLettersOf(run, { group, attempts, cause, topicMost, topics: ANY });
    run.release();
    const reader = new RecordReader({ bytes, start: 0, end: bytes.length });
    reader.next();
    const fields = decodeText(bytes.subarray(reader.fieldsStart, reader.fieldsEnd)) ?? "";
    publishing.send({
      topic,
      bytes: bytes.subarray(reader.payloadStart, reader.payloadEnd),
      headers: storedHeaders(fields, subjects),
      id: `dead ${consumer} ${sequence}`,
    }, (stored) => {
      if (stored) acks.settle([reply], () => {});
      else acks.giveBack(reply, RETRY_MS);
    });
    flush();
  }
}

/** NATS has no bound on topics: a stream's is on its bytes. */
const ANY = { reserve: () => () => {} };
