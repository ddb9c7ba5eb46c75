/**
 * A store, asked with promises, and frames to put into it.
 *
 * @module
 */
import { assert, assertEquals, fail } from "@std/assert";
import type {
  Append,
  Commit,
  CommitOutcome,
  Cursor,
  DueOutcome,
  DueQuery,
  From,
  GroupCountOutcome,
  GroupMark,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
  GroupState,
  NamedMark,
  Page,
  ReadEnd,
  ReadOutcome,
  SeekOutcome,
  SeekPlace,
  Store,
  Stored,
  To,
} from "../../lib/store/types.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Consecutive publishes of these texts. */
export function run(topic: string, ...payloads: readonly string[]): Append {
  const frames = payloads.map((payload) => `pub ${topic} ${encoder.encode(payload).length}\n${payload}\n`);
  return { topic, count: payloads.length, bytes: encoder.encode(frames.join("")) };
}

/** A message as a subscriber would see it. */
export interface Message {
  readonly topic: string;
  readonly sequence: number;
  readonly time: number;
  readonly payload: string;
}

/** Takes a page apart, strictly: every byte belongs to a batch, and every batch is what its header says. */
export function messagesOf({ bytes, messages }: Page): Message[] {
  const found: Message[] = [];
  for (let at = 0; at < bytes.length;) {
    const lf = bytes.indexOf(0x0a, at);
    const header = decoder.decode(bytes.subarray(at, lf));
    const match = /^batch (#\S+) (\d+) (\d+) seq=(\d+) ts=(\d+)$/.exec(header);
    if (match === null) fail(`a page holds batches, not ${header}`);
    const [, topic = "", count, length, first, time] = match;
    const end = lf + 1 + Number(length);
    at = lf + 1;
    for (let sequence = Number(first); sequence < Number(first) + Number(count); sequence++) {
      const headEnd = bytes.indexOf(0x0a, at);
      const head = decoder.decode(bytes.subarray(at, headEnd)).split(" ");
      assertEquals(head.slice(0, 2), ["pub", topic]);
      const payloadEnd = headEnd + 1 + Number(head[2]);
      const payload = decoder.decode(bytes.subarray(headEnd + 1, payloadEnd));
      assertEquals(bytes[payloadEnd], 0x0a);
      found.push({ topic, sequence, time: Number(time), payload });
      at = payloadEnd + 1;
    }
    assertEquals(at, end, `the batch ends where its header says: ${header}`);
  }
  assertEquals(found.length, messages, "a page knows how many messages it holds");
  return found;
}

/** What was read, and where one stands. */
export interface Replay {
  readonly messages: readonly Message[];
  readonly cursor: Cursor;
  readonly end: "caught up" | "past to";
  readonly trimmedTo: number | undefined;
}

/** The calls of a store as promises, failing where the answer is not the good one. */
export class Asking {
  readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  outcomeOf(commit: Commit): Promise<CommitOutcome> {
    return new Promise((resolve) => this.store.commit(commit, resolve));
  }

  /** Stores anything that a commit can. */
  async commitOf({ appends = [], ...besides }: Partial<Commit>): Promise<readonly Stored[]> {
    const outcome = await this.outcomeOf({ appends, ...besides });
    if (outcome.kind !== "stored") fail(`${outcome.kind}: ${outcome.reason}`);
    return outcome.stored;
  }

  /** What is due, all of it unless something else is said. */
  async due(query: Partial<DueQuery> & Pick<DueQuery, "now">): Promise<Extract<DueOutcome, { kind: "due" }>> {
    const all = { after: undefined, without: [], most: 1024 * 1024, ...query };
    const outcome = await new Promise<DueOutcome>((resolve) => this.store.due(all, resolve));
    if (outcome.kind === "failed") fail(outcome.reason);
    return outcome;
  }

  commitOutcome(...appends: readonly Append[]): Promise<CommitOutcome> {
    return new Promise((resolve) => this.store.commit({ appends }, resolve));
  }

  /** Stores how far groups have come, with nothing else or with something. */
  async mark(marks: readonly NamedMark[], ...appends: readonly Append[]): Promise<void> {
    const outcome = await new Promise<CommitOutcome>((resolve) =>
      this.store.commit({ appends, marks }, resolve)
    );
    assertEquals(outcome.kind, "stored");
  }

  async groupCount(): Promise<number> {
    const outcome = await new Promise<GroupCountOutcome>((resolve) => this.store.groupCount(resolve));
    return outcome.kind === "counted" ? outcome.groups : fail(outcome.reason);
  }

  async groups(): Promise<readonly GroupState[]> {
    const all: GroupState[] = [];
    for (let place: GroupsPlace | undefined, more = true; more;) {
      const outcome = await new Promise<GroupsOutcome>((resolve) => this.store.groups(place, resolve));
      if (outcome.kind === "failed") fail(outcome.reason);
      all.push(...outcome.groups);
      place = outcome.next;
      more = place !== undefined;
    }
    return all;
  }

  async forget(...forget: readonly GroupName[]): Promise<void> {
    const outcome = await new Promise<CommitOutcome>((resolve) =>
      this.store.commit({ appends: [], forget }, resolve)
    );
    assertEquals(outcome.kind, "stored");
  }

  async group(name: string, pattern: string): Promise<GroupMark | undefined> {
    const outcome = await new Promise<GroupOutcome>((resolve) =>
      this.store.group({ name, pattern }, resolve)
    );
    if (outcome.kind === "failed") fail(outcome.reason);
    return outcome.kind === "group" ? outcome.mark : undefined;
  }

  async commit(...appends: readonly Append[]): Promise<readonly Stored[]> {
    const outcome = await this.commitOutcome(...appends);
    if (outcome.kind !== "stored") fail(`${outcome.kind}: ${outcome.reason}`);
    return outcome.stored;
  }

  seekOutcome(
    pattern: string,
    from: From,
    { to, place }: { readonly to?: To | undefined; readonly place?: SeekPlace | undefined } = {},
  ): Promise<SeekOutcome> {
    return new Promise((resolve) => this.store.seek(pattern, { from, to, place }, resolve));
  }

  readOutcome(cursor: Cursor, most: number): Promise<ReadOutcome> {
    return new Promise((resolve) => this.store.read([cursor], { most }, resolve));
  }

  async seek(pattern: string, from: From, to?: To): Promise<Extract<SeekOutcome, { kind: "found" }>> {
    let place: SeekPlace | undefined = undefined;
    for (;;) {
      const outcome: SeekOutcome = await this.seekOutcome(pattern, from, { to, place });
      if (outcome.kind === "failed") fail(outcome.reason);
      if (outcome.kind === "found") return outcome;
      place = outcome.place;
    }
  }

  async read(cursor: Cursor, most = 1024 * 1024): Promise<{ page: Page; cursor: Cursor; end: ReadEnd }> {
    const outcome = await this.readOutcome(cursor, most);
    if (outcome.kind === "failed") fail(outcome.reason);
    const { page, cursors, ends } = outcome;
    return { page, cursor: cursors[0]!, end: ends[0]! };
  }

  /** Reads on from a cursor to the end of what is there. */
  async rest(cursor: Cursor, most?: number): Promise<Omit<Replay, "trimmedTo">> {
    const messages: Message[] = [];
    for (let at = cursor, empty = 0;;) {
      const { page, cursor: next, end } = await this.read(at, most);
      messages.push(...messagesOf(page));
      at = next;
      if (end !== "none") return { messages, cursor: at, end };
      empty = page.messages === 0 ? empty + 1 : 0;
      assert(empty < 100, "reading goes on");
    }
  }

  /** Everything from a place to the end of what is there. */
  async replay(
    pattern: string,
    from: From,
    { to, most }: { readonly to?: To; readonly most?: number } = {},
  ): Promise<Replay> {
    const { first, cursor, trimmedTo } = await this.seek(pattern, from, to);
    const rest = await this.rest(cursor, most);
    return { ...rest, messages: [...messagesOf(first), ...rest.messages], trimmedTo };
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.store.close(resolve));
  }
}

/** Messages as `#topic sequence payload`, one a line: what most tests look at. */
export function shown(messages: readonly Message[]): string[] {
  return messages.map(({ topic, sequence, payload }) => `${topic} ${sequence} ${payload}`);
}

export const EARLIEST: From = { kind: "earliest" };
/** The newest message of each topic. */
export const LATEST: From = lastOf(1);

/** The last so many messages of each topic. */
export function lastOf(count: number, asOf?: number): From {
  return { kind: "last", count, asOf };
}

/** From a sequence number. */
export function since(sequence: number): From {
  return { kind: "sequence", sequence };
}
