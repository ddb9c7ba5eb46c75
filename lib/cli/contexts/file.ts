/**
 * The file with the connections that a person has saved.
 *
 *     default = "local"
 *
 *     [context.local]
 *     url = "hashbus://127.0.0.1:9000?sub-port=9090"
 *
 *     [context.prod]
 *     host = "broker.example"
 *     pub-port = 9100
 *     sub-port = 9190
 *     connect-timeout = "30s"
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { isTable, nameOf, parseToml, unknownKey } from "../options/config.ts";
import { mayRead, personalPath } from "../process/environment.ts";
import { readTextSync } from "../process/files.ts";

/** What stands in the file; the contexts are not looked into yet. */
export interface ContextFile {
  readonly path: string;
  /** The one that is taken where nothing says which. */
  readonly default: string | undefined;
  readonly contexts: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
}

/** Where it is; undefined where nothing says that. */
export function configPath(): string | undefined {
  return personalPath("config", "config.toml");
}

/** The file of whoever runs this; undefined where there is none. Throws UsageError when it is wrong. */
export function readContexts(): ContextFile | undefined {
  const path = configPath();
  if (path === undefined || !mayRead(path) || !exists(path)) return undefined;
  return contextFile({ path, text: readTextSync(path, "the saved connections in") });
}

/** The names of the contexts, for a shell to offer: those that stand on a line of their own. */
export function contextNames(): string[] {
  try {
    return [...readContexts()?.contexts.keys() ?? []].filter((name) => !/[\p{Cc}\p{Cf}]/u.test(name));
  } catch (error) {
    // who presses Tab is not told about a file; who connects is
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** As {@link readContexts}, from the file's text. */
export function contextFile(file: { readonly path: string; readonly text: string }): ContextFile {
  const { path } = file;
  const top = new Map(Object.entries(parseToml(file)));
  for (const key of top.keys()) {
    if (!KEYS.includes(key)) throw unknownKey(key, { place: path, known: KEYS, keys: LOOKS });
  }
  const chosen = top.get("default");
  if (chosen !== undefined && typeof chosen !== "string") {
    throw new UsageError(`${path}: default takes the name of a context, not ${nameOf(chosen)}`);
  }
  const table = top.get("context") ?? {};
  if (!isTable(table)) throw new UsageError(`${path}: context takes tables, not ${nameOf(table)}; ${LOOKS}`);
  const contexts = new Map<string, Readonly<Record<string, unknown>>>();
  for (const [name, context] of Object.entries(table)) {
    if (!isTable(context)) {
      throw new UsageError(
        `${path}: context.${name} takes a table, not ${nameOf(context)}: write [context.${name}] over it`,
      );
    }
    contexts.set(name, context);
  }
  return { path, default: chosen, contexts };
}

const KEYS = ["default", "context"];
const LOOKS = `it has default = ${quote("NAME")} and [context.NAME] tables`;

const NOT_THERE = [Deno.errors.NotFound, Deno.errors.NotADirectory, Deno.errors.PermissionDenied];

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch (error) {
    // a HOME that is no folder, or another user's, has nothing saved; other reasons are told by who reads it
    return !NOT_THERE.some((kind) => error instanceof kind);
  }
}
