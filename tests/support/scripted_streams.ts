/**
 * A stream of JetStream that there is not: each call is noted, and answered when a test says so.
 *
 * @module
 */
import type {
  Asked,
  ConsumerStart,
  EdgeMessage,
  GroupConsumer,
  GroupSpec,
  ReaderSpec,
  StreamsPort,
  StreamState,
} from "../../lib/engine/nats/streams_port.ts";
import type { GroupName } from "../../lib/store/types.ts";

type Done<Value> = (asked: Asked<Value>) => void;

/** What is answered where something was asked for and is there. */
export function done<Value>(value: Value): Asked<Value> {
  return { kind: "done", value };
}

export const NONE = { kind: "none" } as const;
export const FAILED = { kind: "failed", reason: "no leader" } as const;

/** The state of a stream that ends with this number. */
export function stateOf(last: number, of: Partial<StreamState> = {}): Asked<StreamState> {
  return done({ created: "now", first: 1, last, messages: last, bytes: 10 * last, subjects: 1, ...of });
}

/** Guarantee: nothing is answered but by a test, which takes what is asked from these lists, the oldest first. */
export class ScriptedStreams implements StreamsPort {
  readonly stream = "s";
  readonly api = "API";
  filtersMost = 64;
  /** What was asked for, in its order: `state`, `reader p.stored.a from 3`, `remove c`. */
  readonly asked: string[] = [];
  readonly states: Done<StreamState>[] = [];
  readonly readers: Done<string>[] = [];
  readonly removes: Done<true>[] = [];
  readonly opens: { readonly spec: GroupSpec; readonly done: Done<GroupConsumer> }[] = [];
  readonly looks: Done<GroupConsumer>[] = [];
  readonly lists: Done<readonly GroupConsumer[]>[] = [];
  readonly named: Done<ReadonlyMap<string, number>>[] = [];
  readonly edges: Done<EdgeMessage>[] = [];

  state(done: Done<StreamState>): void {
    this.#note("state", this.states, done);
  }

  addReader({ filters, start }: ReaderSpec, done: Done<string>): void {
    this.#note(`reader ${filters.join(" ")} ${startText(start)}`, this.readers, done);
  }

  remove(consumer: string, done: Done<true>): void {
    this.#note(`remove ${consumer}`, this.removes, done);
  }

  openGroup(spec: GroupSpec, done: Done<GroupConsumer>): void {
    const { group: { name, pattern }, start } = spec;
    const from = start === undefined ? "from now on" : startText(start);
    this.#note(`open ${name} ${pattern} ${from}`, this.opens, { spec, done });
  }

  group({ name, pattern }: GroupName, done: Done<GroupConsumer>): void {
    this.#note(`group ${name} ${pattern}`, this.looks, done);
  }

  groups(done: Done<readonly GroupConsumer[]>): void {
    this.#note("groups", this.lists, done);
  }

  subjects(filter: string, done: Done<ReadonlyMap<string, number>>): void {
    this.#note(`subjects ${filter}`, this.named, done);
  }

  edge(subject: string, which: "first" | "last", done: Done<EdgeMessage>): void {
    this.#note(`${which} ${subject}`, this.edges, done);
  }

  next(subject: string, from: number, done: Done<EdgeMessage>): void {
    this.#note(`next ${subject} ${from}`, this.edges, done);
  }

  /** What was asked for since the last call. */
  takeAsked(): string[] {
    return this.asked.splice(0);
  }

  #note<Call>(what: string, calls: Call[], call: Call): void {
    this.asked.push(what);
    calls.push(call);
  }
}

function startText(start: ConsumerStart): string {
  switch (start.kind) {
    case "sequence":
      return `from ${start.sequence}`;
    case "time":
      return `from time ${start.time}`;
    default:
      return start.kind;
  }
}
