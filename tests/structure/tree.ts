/**
 * Which files there are.
 *
 * @module
 */
import type { TrackedFile } from "./sources.ts";

const NAME_OF_DATA = /\.(?:db|db-wal|db-shm|sqlite\d?|lock|log)$/;
const NAME_BY_MISTAKE = /^(?:undefined|null|NaN|\[object .*\])$/;

/** What stands at the top and is not known there. */
export function strangersAtTheTop(paths: readonly string[], known: readonly string[]): string[] {
  const top = new Set(paths.map((path) => path.split("/")[0]!));
  return [...top].filter((name) => !known.includes(name)).sort();
}

/** What is excused from {@link strays}. */
export interface Excuses {
  /** Files that may have a name as data has it. */
  readonly names?: readonly string[];
  /** Files that may be larger than `mostBytes`, with the reason. */
  readonly large?: Readonly<Record<string, string>>;
  /** Extensions of files that may hold any bytes, by the folder they lie in. */
  readonly binary?: Readonly<Record<string, readonly string[]>>;
  readonly mostBytes: number;
}

/** What no person has written: databases, logs, binaries, what is too large for a source, folders named by a mistake. */
export function strays(files: readonly TrackedFile[], excuses: Excuses): string[] {
  const { names = [], large = {}, binary = {}, mostBytes } = excuses;
  const mayBeBinary = (path: string): boolean =>
    Object.entries(binary).some(([folder, extensions]) =>
      path.startsWith(`${folder}/`) && extensions.some((extension) => path.endsWith(`.${extension}`))
    );
  return files.flatMap(({ path, bytes }) => {
    const wrong: string[] = [];
    if (NAME_OF_DATA.test(path) && !names.includes(path)) wrong.push(`${path} is named as data`);
    if (path.split("/").some((part) => NAME_BY_MISTAKE.test(part))) {
      wrong.push(`${path} is named by a mistake`);
    }
    if (bytes.includes(0) && !mayBeBinary(path)) wrong.push(`${path} holds a NUL byte`);
    if (bytes.length > mostBytes && large[path] === undefined) {
      wrong.push(`${path} has ${bytes.length} bytes, more than ${mostBytes}`);
    }
    return wrong;
  });
}
