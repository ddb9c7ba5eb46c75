/**
 * What a commit log works with.
 *
 * @module
 */
import type { FlushList } from "../../flush_list.ts";
import type { HeldMemory } from "../../held_memory.ts";
import type { Store, Stored } from "../../store/types.ts";
import type { Run } from "../../wire/run.ts";
import type { Level } from "../types.ts";
import type { ClaimedIds } from "./claimed_ids.ts";
import type { NewsSource } from "./news.ts";
import type { TopicLimit } from "./topic_limit.ts";

/** What a log is told and whom it tells. */
export interface CommitLogOptions {
  readonly store: Pick<Store, "state" | "commit" | "upkeepDue" | "keepUp">;
  /** How safe a message is that the store says it has. */
  readonly level: Level;
  readonly flushes: FlushList;
  readonly memory: HeldMemory;
  /** Told of what is answered. */
  readonly claims: ClaimedIds;
  readonly topics: Pick<TopicLimit, "most" | "reasonOf">;
  /** Goes along with each commit; left out: there is none. */
  readonly news?: NewsSource | undefined;
  /** Calls back in a later turn, behind what others have to do by then. */
  readonly later: (callback: () => void) => void;
  /** The run is stored: hand it on; how many get it. */
  readonly deliver: (run: Run) => number;
  /** Something is stored that is to be delivered then, milliseconds since 1970. */
  readonly onDelayed: (due: number) => void;
  /** The run is not stored. */
  readonly onRunRefused: (run: Run) => void;
  /** All runs of a commit have been handed on; this is where the last of them is. */
  readonly onCommitted: (last: Stored) => void;
  /** A commit was refused; later ones may succeed. */
  readonly onRefused: (reason: string) => void;
  /** Topics did not begin, for there are too many. */
  readonly onUnbegun: (reason: string) => void;
  /** It is not known what is stored: nothing may be acknowledged any more. */
  readonly onLost: (reason: string) => void;
}
