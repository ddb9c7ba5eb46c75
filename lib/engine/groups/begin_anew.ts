/**
 * Where a group begins, for the first time or once more, and that it is no more.
 *
 * @module
 */
import type { From, GroupMark, GroupName, SeekOutcome, SeekPlace, Store } from "../../store/types.ts";
import type { WireCode } from "../../errors.ts";
import { quote } from "../../text.ts";
import { type GroupCount, tooManyGroups } from "./group_count.ts";
import type { Marked, Part, Settlements } from "./settlements.ts";

/** What it works with. */
export interface BeginParts {
  readonly store: Store;
  readonly settlements: Settlements;
  readonly count: GroupCount;
  /** The last batch whose messages have all been handed on; none is handed on in part. */
  handedOn(): number;
  flush(): void;
}

/** What became of it; `failed`: nothing has changed. */
export type Begun =
  | {
    readonly kind: "begun";
    readonly mark: GroupMark;
    /** Messages that were deleted while nobody was in it. */
    readonly missed: number;
  }
  /** `code`: what a member is refused with, where that is not `STORE`. */
  | { readonly kind: "failed"; readonly reason: string; readonly code?: WireCode };

/**
 * A group is known to begin there from now on, and what was known of it before is not any more; undefined: it
 * begins with what is stored from now on. It fails at a number beyond the next one: the group would pass all
 * that comes until then, and nobody would see that it does.
 */
export function beginAt(
  group: GroupName,
  from: From | undefined,
  { parts, done }: { readonly parts: BeginParts; readonly done: (begun: Begun) => void },
): void {
  const at = (sequence: number, after: number): void => {
    const mark: GroupMark = { sequence, after, topics: [] };
    const stored = { mark: { ...group, ...mark }, forget: group };
    store(stored, {
      parts,
      done: (reason) => done(reason === undefined ? { kind: "begun", mark, missed: 0 } : failed(reason)),
    });
  };
  const search = (place: SeekPlace | undefined): void => {
    const upTo = parts.handedOn();
    if (from === undefined) return at(0, upTo);
    const range = { from, to: undefined, upTo, place };
    parts.store.seek(group.pattern, range, (outcome: SeekOutcome) => {
      switch (outcome.kind) {
        case "failed":
          return done(outcome);
        case "searching":
          return search(outcome.place);
        case "found":
          if (outcome.ahead !== undefined) {
            return done(failed(aheadOf(group, from, outcome.ahead), "BAD_FIELD"));
          }
          return at(outcome.cursor.sequence, outcome.cursor.after);
      }
    });
  };
  search(undefined);
}

/** Where a group stood or, where it is new, where it begins from now on. */
export function findOrBegin(
  group: GroupName,
  from: From | undefined,
  { parts, done }: { readonly parts: BeginParts; readonly done: (begun: Begun) => void },
): void {
  parts.store.group(group, (outcome) => {
    if (outcome.kind === "group") done({ ...outcome, kind: "begun" });
    else if (outcome.kind === "failed") done(outcome);
    else beginNew(group, from, { parts, done });
  });
}

/** A new one begins, if there may be one more. */
function beginNew(
  group: GroupName,
  from: From | undefined,
  { parts, done }: { readonly parts: BeginParts; readonly done: (begun: Begun) => void },
): void {
  parts.count.take((room) => {
    if (room.kind === "failed") return done(room);
    if (room.kind === "full") {
      return done({ kind: "failed", reason: tooManyGroups(room.most), code: "TOO_MANY_GROUPS" });
    }
    beginAt(group, from, {
      parts,
      done: (begun) => {
        if (begun.kind === "failed") parts.count.gone();
        done(begun);
      },
    });
  });
}

/** Nothing is known of a group any more; `done`: with why not, if that cannot be stored. */
export function forget(
  group: GroupName,
  { parts, done }: { readonly parts: BeginParts; readonly done: (reason: string | undefined) => void },
): void {
  store({ mark: undefined, forget: group }, { parts, done });
}

function failed(reason: string, code?: WireCode): Begun {
  return { kind: "failed", reason, ...(code === undefined ? {} : { code }) };
}

function aheadOf({ pattern }: GroupName, from: From, last: number): string {
  const number = from.kind === "sequence" ? ` ${from.sequence}` : "";
  const stored = last === 0 ? "none is stored there" : `the last one there is ${last}`;
  return `there is no message${number} of ${quote(pattern)}: ${stored}`;
}

/** Stores it once, with the next commit; what cannot be is not tried again. */
function store(
  what: Pick<Part, "mark" | "forget">,
  { parts, done }: { readonly parts: BeginParts; readonly done: (reason: string | undefined) => void },
): void {
  let part: Part | undefined = {
    ...what,
    pieces: [],
    stored: () => done(undefined),
    refused: done,
  };
  const marked: Marked = {
    take: () => {
      const taken = part;
      part = undefined;
      return taken;
    },
  };
  parts.settlements.changed(marked, "now");
  parts.flush();
}
