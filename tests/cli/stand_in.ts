/** Puts something in the place of what the runtime has, until it is disposed of: for one thread of tests only. */
export function standIn<T extends object, K extends keyof T>(object: T, name: K, value: T[K]): Disposable {
  const own = Object.getOwnPropertyDescriptor(object, name);
  Object.defineProperty(object, name, { value, configurable: true, writable: true });
  return {
    [Symbol.dispose]: () => {
      if (own === undefined) Reflect.deleteProperty(object, name);
      else Object.defineProperty(object, name, own);
    },
  };
}

/** What is written to stdout or stderr while it stands for that. */
export class StandInStream implements Disposable {
  text = "";
  readonly #standing: Disposable;

  /** As the process writes to it; how many bytes it took. */
  readonly write = (bytes: Uint8Array): number => {
    this.text += new TextDecoder().decode(bytes);
    return bytes.length;
  };

  constructor(which: "stdout" | "stderr", { terminal = false }: { readonly terminal?: boolean } = {}) {
    this.#standing = standIn(
      Deno,
      which,
      {
        write: (bytes: Uint8Array) => Promise.resolve(this.write(bytes)),
        writeSync: this.write,
        isTerminal: () => terminal,
      } as typeof Deno.stdout,
    );
  }

  /** What was written since the last time. */
  take(): string {
    const { text } = this;
    this.text = "";
    return text;
  }

  [Symbol.dispose](): void {
    this.#standing[Symbol.dispose]();
  }
}

/** The environment has these variables and no others. */
export function standInEnvironment(variables: Readonly<Record<string, string>>): Disposable {
  const left = new Map(Object.entries(variables));
  return standIn(Deno, "env", {
    get: (name: string) => left.get(name),
    has: (name: string) => left.has(name),
    delete: (name: string) => void left.delete(name),
    toObject: () => Object.fromEntries(left),
    set: (name: string, value: string) => void left.set(name, value),
  });
}

/**
 * Signals for who listens in this thread, and for no other: one that is sent to the process reaches what the tests
 * in its other threads watch.
 */
export class Signals implements Disposable {
  readonly #listening = new Map<() => void, Deno.Signal>();
  readonly #standing = [
    standIn(Deno, "addSignalListener", (signal, listener) => void this.#listening.set(listener, signal)),
    standIn(Deno, "removeSignalListener", (_signal, listener) => void this.#listening.delete(listener)),
  ];

  send(sent: Deno.Signal): void {
    for (const [listener, signal] of [...this.#listening]) if (signal === sent) listener();
  }

  [Symbol.dispose](): void {
    for (const standing of this.#standing) standing[Symbol.dispose]();
  }
}

/** What this thread opens with `Deno.openSync` meanwhile: the descriptors of the process are other tests' as well. */
export class OpenedFiles implements Disposable {
  readonly files: Deno.FsFile[] = [];
  readonly #standing: Disposable;

  constructor() {
    const { openSync } = Deno;
    this.#standing = standIn(Deno, "openSync", (...args) => {
      const file = openSync(...args);
      this.files.push(file);
      return file;
    });
  }

  [Symbol.dispose](): void {
    this.#standing[Symbol.dispose]();
  }
}
