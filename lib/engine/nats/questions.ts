/**
 * Whether anybody at all is there for a request: NATS says where nobody is (R3).
 *
 * @module
 */
import type { NatsLink } from "./port.ts";
import type { Subjects } from "./subjects.ts";

/** What it needs. */
export interface QuestionsParts {
  readonly link: NatsLink;
  readonly subjects: Subjects;
  readonly id: string;
}

/** What is asked of a request, which may go in several messages. */
export interface Question {
  readonly number: number;
  /** The reply subject of its messages. */
  readonly reply: string;
  /** How many went. */
  sent: number;
  /** Of how many NATS has said that nobody is subscribed to them. */
  forNobody: number;
}

/** What NATS answers with where nobody is subscribed. */
const NO_RESPONDERS = 503;

/** Guarantee: what NATS says of a message it says before it answers a PING that was sent behind it. */
export class Questions {
  readonly #parts: QuestionsParts;
  readonly #open = new Map<number, Question>();
  #count = 0;

  constructor(parts: QuestionsParts) {
    this.#parts = parts;
  }

  /** One more, until it is ended. */
  begin(): Question {
    const { link, subjects, id } = this.#parts;
    if (this.#count === 0) {
      link.subscribe(subjects.broker(`nobody.${id}.*`), ({ subject, status }) => {
        const question = this.#open.get(Number(subject.slice(subject.lastIndexOf(".") + 1)));
        if (status === NO_RESPONDERS && question !== undefined) question.forNobody++;
      });
    }
    const number = ++this.#count;
    const reply = subjects.broker(`nobody.${id}.${number}`);
    const question = { number, reply, sent: 0, forNobody: 0 };
    this.#open.set(number, question);
    return question;
  }

  /** Whether nobody is there for it. */
  end({ number, sent, forNobody }: Question): boolean {
    this.#open.delete(number);
    return sent > 0 && forNobody === sent;
  }

  /** Those that have not been ended. */
  get size(): number {
    return this.#open.size;
  }
}
