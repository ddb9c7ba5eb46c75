/**
 * The folder that stores are made in while something is measured.
 *
 * @module
 */
import { RunError } from "../../lib/errors.ts";
import { quote } from "../../lib/text.ts";

interface Mount {
  readonly type: string;
  readonly device: string;
}

/** File systems that keep nothing. */
const IN_MEMORY = new Set(["tmpfs", "ramfs"]);

/** A folder of its own on a disk, removed with all that is in it. */
export class Place implements AsyncDisposable {
  static readonly #places = new Set<Place>();
  readonly folder: string;
  /** As a person reads it: `ext4 (/dev/vda)`. */
  readonly fileSystem: string;
  /** The device it is on, as /proc/mounts has it. */
  readonly device: string;
  #gone: Promise<void> | null = null;

  private constructor(folder: string, { type, device }: Mount) {
    this.folder = folder;
    this.fileSystem = `${type} (${device})`;
    this.device = device;
    Place.#places.add(this);
  }

  /** Makes one in `parent`. Throws {@link RunError} where that is no folder one may write to, or lies in memory. */
  static async make(parent: string): Promise<Place> {
    try {
      const real = await Deno.realPath(parent);
      const mount = await mountOf(real);
      const { type } = mount;
      if (IN_MEMORY.has(type)) {
        throw new RunError(`${quote(parent)} lies in memory (${type}): give a folder on a disk with --place`);
      }
      const folder = await Deno.makeTempDir({ dir: real, prefix: "hashbus-bench-" });
      return new Place(folder, mount);
    } catch (error) {
      if (error instanceof RunError) throw error;
      const why = error instanceof Error ? error.message : String(error);
      throw new RunError(`no stores can be made in ${quote(parent)}: ${why}`);
    }
  }

  /** Removes all there are: for who is interrupted, after what writes into them has ended. */
  static async removeAll(): Promise<void> {
    for (const place of [...Place.#places]) await place[Symbol.asyncDispose]();
  }

  /** Waits until all that was written to its disk is there, so that nobody's run carries what another one left behind. */
  async settle(): Promise<void> {
    const { success } = await new Deno.Command("sync", { args: ["-f", this.folder] }).output();
    if (!success) throw new Error("sync -f failed");
  }

  /** Whoever asks second waits for the first. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#gone ??= removed(this.folder).then(() => {
      Place.#places.delete(this);
    });
    return this.#gone;
  }
}

/** Removes a folder that somebody else may be removing as well. */
export async function removed(folder: string): Promise<void> {
  for (let attempts = 3; attempts > 0; attempts--) {
    try {
      return await Deno.remove(folder, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** What the folder lies on: of the mount points above it the one that was mounted last on the longest path. */
async function mountOf(path: string): Promise<Mount> {
  let found = { point: "", type: "unknown", device: "unknown" };
  for (const line of (await Deno.readTextFile("/proc/mounts")).split("\n")) {
    const [device = "", point = "", type = ""] = line.split(" ");
    const above = point === "/" || path === point || path.startsWith(`${point}/`);
    if (above && point.length >= found.point.length) found = { point, type, device };
  }
  return found;
}
