/**
 * The accounts of a broker that runs: read at the start, and again on SIGHUP and when their file changes.
 *
 * @module
 */
import { Doorkeeper } from "../../../auth/doorkeeper.ts";
import { type Clock, SYSTEM_CLOCK } from "../../../clock.ts";
import type { Log } from "../../../log.ts";
import { type ReloadReason, watchFiles } from "../../process/watched_files.ts";
import { readUsersFile, type UsersFile } from "./users_file.ts";

/** Where they are, and who is told. */
export interface AccountsOptions {
  readonly path: string;
  /** Bytes that a topic may have. */
  readonly topicMost: number;
  readonly log: Log;
  readonly clock?: Clock;
}

/** Accounts that are kept as their file has them. */
export interface OpenAccounts {
  readonly doorkeeper: Doorkeeper;
  /** Calls back from now on when they are others. */
  onChange(callback: () => void): void;
  close(): void;
}

/**
 * Reads the accounts. Rejects with RunError or UsageError where that cannot be: a broker does not start
 * without them. Later an error keeps the accounts that there are, and is logged.
 */
export async function openAccounts(
  { path, topicMost, log, clock = SYSTEM_CLOCK }: AccountsOptions,
): Promise<OpenAccounts> {
  const told: { changed?: () => void } = {};
  let doorkeeper: Doorkeeper | undefined;
  let waiting = false;
  const again = async (why: ReloadReason): Promise<void> => {
    waiting = false;
    const file = await readAgain({ path, topicMost, log });
    if (file === undefined) return;
    doorkeeper?.replace(file.accounts);
    told.changed?.();
    logRead(log, { event: "accounts reloaded", path, file, why });
  };
  let reading: Promise<unknown> = Promise.resolve();
  const watch = watchFiles([path], {
    clock,
    onChange: (why) => {
      // one that has not begun reads what this one would
      if (waiting) return;
      waiting = true;
      reading = reading.then(() => again(why));
    },
  });
  try {
    const first = readUsersFile(path, topicMost);
    // what changes meanwhile is read behind this
    reading = first.catch(() => {});
    const file = await first;
    const atOnce = hashesAtOnce(navigator.hardwareConcurrency);
    doorkeeper = new Doorkeeper({ accounts: file.accounts, topicMost, clock, log, atOnce });
    logRead(log, { event: "accounts", path, file });
  } catch (error) {
    watch.close();
    throw error;
  }
  return { doorkeeper, onChange: (callback) => told.changed = callback, close: () => watch.close() };
}

/** Undefined: it cannot be taken, and that is logged. */
async function readAgain(
  { path, topicMost, log }: Pick<AccountsOptions, "path" | "topicMost" | "log">,
): Promise<UsersFile | undefined> {
  try {
    return await readUsersFile(path, topicMost);
  } catch (error) {
    // whatever it is, who is in stays in and nobody else comes in
    const [first = "", ...more] = (error instanceof Error ? error.message : String(error)).split("\n");
    log.error("the accounts stay as they were", { reason: first, more: more.length || undefined });
    return undefined;
  }
}

function logRead(
  log: Log,
  { event, path, file: { accounts: { byName, classicAs }, exposed }, why }: {
    readonly event: string;
    readonly path: string;
    readonly file: UsersFile;
    readonly why?: ReloadReason;
  },
): void {
  log.info(event, { file: path, users: byName.size, classicAs: classicAs?.user, why });
  if (exposed !== undefined) log.warn("the file of accounts is exposed", { file: path, reason: exposed });
}

/** A hash takes a processor for a while: of so many, one is left for who is in. */
export function hashesAtOnce(processors: number): number {
  return Math.min(Math.max(processors - 1, 1), 4);
}
