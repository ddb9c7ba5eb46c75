/**
 * The groups of a store, for people: what they have before them, and changes of them while no broker runs.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { groupState } from "../log/groups.ts";
import { connect } from "../sqlite/connection.ts";
import { asRunError, filesIn, requireStore } from "../sqlite/files.ts";
import { damaged, isDamage, reasonOf } from "../sqlite/errors.ts";
import { GroupMarksReader } from "../sqlite/group_marks.ts";
import { readIdentity } from "../sqlite/identity.ts";
import { inspect } from "../sqlite/inspect.ts";
import { openSqliteStore } from "../sqlite/open_store.ts";
import { SqliteView } from "../sqlite/view.ts";
import type {
  Commit,
  CommitOutcome,
  From,
  FromLast,
  GroupName,
  GroupOutcome,
  GroupState,
  SeekOutcome,
  SeekPlace,
  Store,
} from "../types.ts";

/** Groups looked at in one transaction: a WAL cannot be shortened while one lasts. */
const GROUPS_MOST = 200;
/** Since then groups are stored. */
const FORMAT_WITH_GROUPS = 3;

/**
 * The groups of a store, by name and pattern, a few at a time; a broker may have it open. Throws RunError
 * where there is no store, or something of it is damaged.
 */
export function* storedGroups(dir: string): Generator<GroupState, void> {
  const files = filesIn(dir);
  requireStore(files);
  try {
    inspect(files);
    const db = connect(files.database, { readOnly: true, sync: "commit" });
    try {
      if (readIdentity(db).format < FORMAT_WITH_GROUPS) return;
      const view = new SqliteView(db);
      const marks = new GroupMarksReader(db);
      for (let last: GroupName | undefined = { name: "", pattern: "" }; last !== undefined;) {
        const names = marks.namesAfter(last, GROUPS_MOST);
        yield* view.snapshot(() =>
          names.flatMap((group) => {
            const mark = marks.get(group);
            return mark === undefined ? [] : groupState(view, group, mark);
          })
        );
        last = names.at(-1);
      }
    } finally {
      db.close();
    }
  } catch (error) {
    if (isDamage(error)) throw damaged(dir, reasonOf(error));
    throw asRunError(dir, error);
  }
}

/**
 * A group begins anew there; undefined: with what is stored from now on. False: there is no such group.
 * Rejects with RunError, also where a broker has the store open.
 */
export function resetStoredGroup(
  dir: string,
  group: GroupName,
  from: Exclude<From, FromLast> | undefined,
): Promise<boolean> {
  return change(dir, group, async (store) => {
    const { sequence, after } = from === undefined
      ? { sequence: 0, after: store.state.last }
      : await seek(store, group.pattern, from);
    return { appends: [], forget: [group], marks: [{ ...group, sequence, after, topics: [] }] };
  });
}

/** Nothing is known of a group any more; as {@link resetStoredGroup}. */
export function deleteStoredGroup(dir: string, group: GroupName): Promise<boolean> {
  return change(dir, group, () => Promise.resolve({ appends: [], forget: [group] }));
}

/** Commits what is made of the store, where it has that group. */
async function change(
  dir: string,
  group: GroupName,
  make: (store: Store) => Promise<Commit>,
): Promise<boolean> {
  requireStore(filesIn(dir));
  const store = await openSqliteStore(dir);
  try {
    const known = await new Promise<GroupOutcome>((resolve) => store.group(group, resolve));
    if (known.kind === "none") return false;
    // a damaged one is none that could be gone on from: it can be begun anew, or deleted
    const commit = await make(store);
    const outcome = await new Promise<CommitOutcome>((resolve) => store.commit(commit, resolve));
    if (outcome.kind === "stored") return true;
    throw new RunError(`the store in ${quote(dir)} takes no change: ${outcome.reason}`);
  } finally {
    await new Promise<void>((resolve) => store.close(resolve));
  }
}

/** Where it begins. */
async function seek(
  store: Store,
  pattern: string,
  from: From,
): Promise<{ readonly sequence: number; readonly after: number }> {
  let place: SeekPlace | undefined;
  for (;;) {
    const outcome = await new Promise<SeekOutcome>((resolve) =>
      store.seek(pattern, { from, to: undefined, place }, resolve)
    );
    if (outcome.kind === "failed") throw new RunError(outcome.reason);
    if (outcome.kind === "found") return outcome.cursor;
    place = outcome.place;
  }
}
