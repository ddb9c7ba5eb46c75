/**
 * What the store and its two workers say to each other. One worker writes, one reads: a replay slows no
 * commit down.
 *
 * @module
 */
import type { LogFields } from "../../../log.ts";
import type { CommitNumbers, NewBatch, NewDelayed } from "../../log/group.ts";
import type {
  Cursor,
  DueOutcome,
  DueQuery,
  GroupCountOutcome,
  GroupName,
  GroupOutcome,
  GroupsOutcome,
  GroupsPlace,
  NamedMark,
  ReadExtent,
  ReadOutcome,
  RecentIds,
  RetentionRules,
  SeekOutcome,
  SeekRange,
  StoreState,
  TopicsOutcome,
  TopicsQuery,
  Trimmed,
} from "../../types.ts";
import type { Sync } from "../connection.ts";
import type { Failure } from "../writer/transactions.ts";
import type { MailboxAddress } from "./mailbox.ts";

/** To both workers, first. */
export type OpenRequest =
  | {
    readonly kind: "write";
    readonly dir: string;
    readonly sync: Sync;
    readonly retain: RetentionRules;
    /** Milliseconds for which ids are kept. */
    readonly dedupWindow: number;
    /** Where requests come from. */
    readonly mailbox: MailboxAddress;
  }
  | { readonly kind: "read"; readonly dir: string };

/** To the one that writes. The buffer comes back with the answer. */
export type WriteRequest =
  | {
    readonly kind: "commit";
    readonly batches: readonly NewBatch[];
    readonly marks: readonly NamedMark[];
    readonly delayed: readonly NewDelayed[];
    readonly moved: readonly number[];
    readonly forget: readonly GroupName[];
    readonly topicsMost: number | undefined;
    readonly buffer: ArrayBuffer;
  }
  | { readonly kind: "keep up" }
  | { readonly kind: "close" };

/** To the one that reads. */
export type ReadRequest =
  | { readonly kind: "seek"; readonly pattern: string; readonly range: SeekRange }
  | {
    readonly kind: "read";
    readonly cursors: readonly Cursor[];
    readonly extent: ReadExtent;
    /** Commits come in meanwhile: afterwards the thread leaves the processors to them for a while. */
    readonly gentle: boolean;
  }
  | { readonly kind: "group"; readonly group: GroupName }
  | { readonly kind: "due"; readonly query: DueQuery }
  | { readonly kind: "group count" }
  | { readonly kind: "groups"; readonly place: GroupsPlace | undefined }
  | { readonly kind: "topics"; readonly query: TopicsQuery }
  | { readonly kind: "close" };

/** What is worth a line in the log. */
export interface Note {
  readonly kind: "note";
  readonly level: "debug" | "info" | "warn" | "error";
  readonly event: string;
  readonly fields: LogFields;
  readonly state: StoreState;
}

/** From the one that writes. */
export type WriteAnswer =
  | {
    readonly kind: "opened";
    readonly state: StoreState;
    readonly recentIds: readonly RecentIds[];
    /** Batches that were ever deleted. */
    readonly deleted: number;
  }
  | { readonly kind: "refused to open"; readonly reason: string }
  | {
    readonly kind: "committed";
    readonly outcome: CommitNumbers | Failure;
    readonly buffer: ArrayBuffer;
    readonly state: StoreState;
    /** Something is to be done that takes as long. */
    readonly upkeepDue: boolean;
  }
  /** It is done. */
  | { readonly kind: "kept up" }
  /** It became unknown between two commits what is stored; those that come are answered `lost`. */
  | { readonly kind: "lost"; readonly reason: string }
  /** Retention has deleted these. */
  | { readonly kind: "trimmed"; readonly what: Trimmed }
  | { readonly kind: "closed" }
  | Note;

/** From the one that reads, in the order of the requests. */
export type ReadAnswer =
  | { readonly kind: "opened" }
  | { readonly kind: "refused to open"; readonly reason: string }
  | { readonly kind: "sought"; readonly outcome: SeekOutcome }
  | { readonly kind: "read"; readonly outcome: ReadOutcome }
  | { readonly kind: "group"; readonly outcome: GroupOutcome }
  | { readonly kind: "due"; readonly outcome: DueOutcome }
  | { readonly kind: "group count"; readonly outcome: GroupCountOutcome }
  | { readonly kind: "groups"; readonly outcome: GroupsOutcome }
  | { readonly kind: "topics"; readonly outcome: TopicsOutcome }
  | { readonly kind: "closed" };
