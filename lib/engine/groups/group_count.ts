/**
 * How many groups are stored, and whether there may be one more.
 *
 * @module
 */
import type { Store } from "../../store/types.ts";

/** Whether a new group may begin; `failed`: that cannot be found out. */
export type Room =
  | { readonly kind: "taken" }
  | { readonly kind: "full"; readonly most: number }
  | { readonly kind: "failed"; readonly reason: string };

/**
 * A group that is stored stays when it has no members, so what bounds connections does not bound them (G6).
 * They are counted when the first new one is to begin, and from then on by who begins and deletes them.
 */
export class GroupCount {
  readonly #store: Pick<Store, "groupCount">;
  readonly #most: number;
  #count: number | undefined;
  /** Who waits until they are counted. */
  #waiting: ((failed: string | undefined) => void)[] = [];

  constructor(store: Pick<Store, "groupCount">, most: number) {
    this.#store = store;
    this.#most = most;
  }

  /** Room for a new one is taken, if there is some; at once where it is known. */
  take(done: (room: Room) => void): void {
    if (this.#most === Infinity) return done(TAKEN);
    if (this.#count !== undefined) return done(this.#takeOne(this.#count));
    this.#waiting.push((reason) => {
      if (reason !== undefined) done({ kind: "failed", reason });
      else done(this.#takeOne(this.#count ?? 0));
    });
    if (this.#waiting.length === 1) this.#look();
  }

  /** One is no more, or has not begun after all. */
  gone(): void {
    // one that goes while they are counted may have been counted or not: never too few
    if (this.#count !== undefined) this.#count--;
  }

  #takeOne(count: number): Room {
    if (count >= this.#most) return { kind: "full", most: this.#most };
    this.#count = count + 1;
    return TAKEN;
  }

  #look(): void {
    this.#store.groupCount((outcome) => {
      if (outcome.kind === "failed") return this.#tell(outcome.reason);
      this.#count = outcome.groups;
      this.#tell(undefined);
    });
  }

  #tell(failed: string | undefined): void {
    for (const tell of this.#waiting.splice(0)) tell(failed);
  }
}

const TAKEN: Room = { kind: "taken" };

/** Why there may be no other, to who asked for one. */
export function tooManyGroups(most: number): string {
  return `there are ${most} groups already, as many as may be stored (--max-groups): ` +
    "who runs the broker can delete what nobody needs (--groups, --delete-group)";
}
