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
import { headersSize, tooLong } from "../plain.ts";
import type { NatsHeaders, NatsLink } from "../port.ts";
import type { Subjects } from "../subjects.ts";
import type { Acks } from "./acks.ts";
import { RETRY_MS } from "./limits.ts";
import { type OwnMessage, type Publishing, storedHeaders } from "./publishing.ts";

/** What it works with. */
export interface BurialParts {
  readonly link: Pick<NatsLink, "maxPayload">;
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
 * the two leaves it to be buried once more, and by its id the dead letter is there once. What NATS would
 * refuse as too large, or brokers could not read, has no payload or, where that is not enough, no headers but
 * its own: the message is where those say, for as long as the stream keeps it.
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
    const payload = bytes.subarray(reader.payloadStart, reader.payloadEnd);
    const headers = storedHeaders(fields, subjects);
    const fitting = this.#fitting(payload, headers);
    publishing.send({ topic, ...fitting, id: `dead ${consumer} ${sequence}` }, (stored) => {
      if (stored) acks.settle([reply]);
      else acks.giveBack(reply, RETRY_MS);
    });
    flush();
  }

  #fitting(bytes: Uint8Array, headers: NatsHeaders): Pick<OwnMessage, "bytes" | "headers"> {
    const { link: { maxPayload }, subjects } = this.#parts;
    const fits = (bytes: Uint8Array, headers: NatsHeaders): boolean =>
      bytes.length + headersSize(headers) + ID_BYTES <= maxPayload &&
      tooLong(headers, subjects) === undefined;
    if (fits(bytes, headers)) return { bytes, headers };
    if (fits(NO_PAYLOAD, headers)) return { bytes: NO_PAYLOAD, headers };
    const own = headers.filter(([name]) => name.startsWith(OWN));
    return { bytes: fits(bytes, own) ? bytes : NO_PAYLOAD, headers: own };
  }
}

/** What its own headers begin with. */
const OWN = "dead-";
const NO_PAYLOAD = new Uint8Array(0);
/** Bytes, at most, of the header with the id by which the letter is known. */
const ID_BYTES = 256;

/** NATS has no bound on topics: a stream's is on its bytes. */
const ANY = { reserve: () => () => {} };
