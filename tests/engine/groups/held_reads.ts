import { MemoryStore } from "../../../lib/store/mod.ts";
import type { Cursor, ReadExtent, ReadOutcome } from "../../../lib/store/types.ts";

/** What is read by its numbers, to be given out again, waits for {@link letGo} while it holds. */
export class HeldReads extends MemoryStore {
  holds = false;
  readonly held: Array<() => void> = [];

  override read(
    cursors: readonly Cursor[],
    extent: ReadExtent,
    done: (outcome: ReadOutcome) => void,
  ): void {
    const read = (): void => super.read(cursors, extent, done);
    if (this.holds && cursors[0]?.to?.kind === "sequence") this.held.push(read);
    else read();
  }

  letGo(): void {
    this.holds = false;
    for (const read of this.held.splice(0)) read();
  }
}
