/**
 * What brokers and NATS servers that were killed have to answer for: what was acknowledged is stored, what
 * comes twice or out of order was on its way in an outage, and every subscriber got what is stored.
 *
 * @module
 */

/** One message of one publisher; times are milliseconds of one clock. */
export interface Sent {
  readonly at: number;
  /** When it was acknowledged; undefined: it never was. */
  readonly acknowledged: number | undefined;
  /** How often it was refused, and sent again. */
  readonly refused: number;
}

/** One publisher, to one topic. */
export interface Sending {
  readonly topic: string;
  /** Whether its messages have ids: then none is stored twice. */
  readonly hasIds: boolean;
  /** By number. */
  readonly messages: readonly Sent[];
}

/** A message as it came: its topic, its number of its publisher and its sequence number. */
export interface Taken {
  readonly topic: string;
  readonly number: number;
  readonly seq: number;
}

/** What one subscriber got, in order. */
export interface Taking {
  readonly who: string;
  /** How often its connection was lost and came back. */
  readonly restored: number;
  /** A sentence for each time that it was told of messages that it does not get. */
  readonly told: readonly string[];
  readonly taken: readonly Taken[];
}

/** Milliseconds of the same clock. */
export interface Outage {
  readonly from: number;
  readonly until: number;
}

/** All that is known. */
export interface Evidence {
  readonly sendings: readonly Sending[];
  /** From when something was killed until publishers of all brokers were answered again. */
  readonly outages: readonly Outage[];
  /** What is stored in the end, as each broker tells it. */
  readonly stored: readonly Taking[];
  /** Who listened meanwhile, from the first message on. */
  readonly live: readonly Taking[];
}

/** What it came to. */
export interface Verdict {
  readonly acknowledged: number;
  readonly stored: number;
  readonly refused: number;
  /** Stored once more, which a kill explains. */
  readonly doubled: number;
  /** Stored behind one that was sent later, which a kill explains. */
  readonly late: number;
  /** Given to the subscribers, all together. */
  readonly delivered: number;
  /** Given to a subscriber once more behind a connection that came back. */
  readonly again: number;
  /** A sentence each: nothing explains it. */
  readonly wrong: readonly string[];
}

/** Holds it all against one another. */
export function judge({ sendings, outages, stored, live }: Evidence): Verdict {
  const wrong: string[] = [];
  const [first, ...others] = stored;
  if (first === undefined) throw new TypeError("nobody told what is stored");
  const known = new Map(sendings.map((sending) => [sending.topic, sending]));
  const counts = { doubled: 0, late: 0, again: 0 };
  const explained = (sent: Sent): boolean =>
    sent.refused > 0 ||
    outages.some(({ from, until }) => sent.at <= until && (sent.acknowledged ?? Infinity) >= from);

  const numbers = new Map(
    sendings.map(({ topic }) => [topic, { seen: new Set<number>(), most: -1, seq: 0 }]),
  );
  for (const { topic, number, seq } of first.taken) {
    const sending = known.get(topic);
    const sent = sending?.messages[number];
    const of = numbers.get(topic);
    if (sending === undefined || sent === undefined || of === undefined) {
      wrong.push(`${topic} ${number}: stored, and nobody sent it`);
      continue;
    }
    if (seq <= of.seq) wrong.push(`${topic} ${number}: its sequence number ${seq} comes behind ${of.seq}`);
    of.seq = seq;
    if (of.seen.has(number)) {
      counts.doubled++;
      if (sending.hasIds) wrong.push(`${topic} ${number}: stored twice, although it has an id`);
      else if (!explained(sent)) wrong.push(`${topic} ${number}: stored twice, and no kill explains it`);
    } else if (number < of.most) {
      counts.late++;
      if (!explained(sent)) {
        wrong.push(`${topic} ${number}: stored behind ${of.most}, and no kill explains it`);
      }
    }
    of.seen.add(number);
    of.most = Math.max(of.most, number);
  }
  for (const { topic, messages } of sendings) {
    const { seen } = numbers.get(topic)!;
    messages.forEach(({ acknowledged }, number) => {
      if (acknowledged === undefined) wrong.push(`${topic} ${number}: never acknowledged`);
      else if (!seen.has(number)) wrong.push(`${topic} ${number}: acknowledged, and not stored`);
    });
  }
  for (const other of others) {
    if (!sameTaken(first.taken, other.taken)) {
      wrong.push(`${other.who} tells other messages than ${first.who}: ${other.taken.length}`);
    }
  }
  for (const taking of live) counts.again += judgeLive(taking, first.taken, wrong);
  const all = sendings.flatMap(({ messages }) => messages);
  return {
    acknowledged: all.filter(({ acknowledged }) => acknowledged !== undefined).length,
    refused: all.reduce((sum, { refused }) => sum + refused, 0),
    stored: first.taken.length,
    delivered: live.reduce((sum, { taken }) => sum + taken.length, 0),
    ...counts,
    wrong,
  };
}

/** Each stored message once, each topic in order; how many came again, which is wrong unless it came back. */
function judgeLive(
  { who, restored, told, taken }: Taking,
  stored: readonly Taken[],
  wrong: string[],
): number {
  for (const what of told) wrong.push(`${who} was told ${what}`);
  let again = 0;
  const got = new Set<string>();
  const last = new Map<string, number>();
  for (const message of taken) {
    const key = keyOf(message);
    const { topic, seq } = message;
    if (got.has(key)) {
      again++;
      if (restored === 0) wrong.push(`${who} got ${key} twice over one connection`);
    } else if (seq < (last.get(topic) ?? 0)) {
      wrong.push(`${who} got ${key} behind ${last.get(topic)}`);
    }
    got.add(key);
    last.set(topic, Math.max(seq, last.get(topic) ?? 0));
  }
  const missing = stored.filter((message) => !got.delete(keyOf(message)));
  for (const message of missing) wrong.push(`${who} never got ${keyOf(message)}`);
  for (const key of got) wrong.push(`${who} got ${key}, which is not stored`);
  return again;
}

function sameTaken(one: readonly Taken[], other: readonly Taken[]): boolean {
  const keys = new Set(one.map(keyOf));
  return one.length === other.length && other.every((message) => keys.has(keyOf(message)));
}

function keyOf({ topic, number, seq }: Taken): string {
  return `${topic} ${number} (seq ${seq})`;
}
