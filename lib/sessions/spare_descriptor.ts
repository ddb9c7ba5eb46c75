/**
 * A file descriptor in reserve, to turn somebody away with when there is no other left.
 *
 * @module
 */

/** Holds one open file from the start, which is let go for the one who cannot be accepted otherwise. */
export class SpareDescriptor {
  #file = openAny();
  #letGo = false;

  /** Takes it again where it was let go; false: there is none. */
  take(): boolean {
    if (!this.#letGo) return true;
    this.#file = openAny();
    this.#letGo = this.#file === undefined;
    return !this.#letGo;
  }

  /** Lets it go; false: it is gone, or never was, as where no file may be read. */
  letGo(): boolean {
    const file = this.#file;
    if (file === undefined) return false;
    this.#file = undefined;
    this.#letGo = true;
    file.close();
    return true;
  }
}

function openAny(): Deno.FsFile | undefined {
  try {
    return Deno.openSync(Deno.execPath(), { read: true });
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
