/**
 * The file with the accounts of a broker: TOML, of which nothing is taken that is not understood.
 *
 * @module
 */
import { type AccountProblem, type Accounts, readAccounts } from "../../../auth/accounts.ts";
import { RunError, UsageError } from "../../../errors.ts";
import { quote, visible } from "../../../text.ts";
import { parseToml } from "../../options/config.ts";
import { exposureOf } from "../../process/exposure.ts";
import { whyNot } from "../../process/files.ts";

/** What a file of accounts has. */
export interface UsersFile {
  readonly accounts: Accounts;
  /** What is wrong with who may read or write it, a clause; undefined: nothing. */
  readonly exposed: string | undefined;
}

/** Lines of problems that are shown at once. */
const PROBLEMS_SHOWN = 10;

/**
 * Reads a file of accounts. Rejects with RunError where it cannot be read, with UsageError that says all that
 * is wrong in it, each with its line. `topicMost`: bytes that a topic may have.
 */
export async function readUsersFile(path: string, topicMost: number): Promise<UsersFile> {
  let bytes: Uint8Array;
  let mode: number | null;
  try {
    bytes = await Deno.readFile(path);
    ({ mode } = await Deno.stat(path));
  } catch (error) {
    throw new RunError(`cannot read the accounts in ${quote(path, 200)} (--users): ${whyNot(error)}`);
  }
  return {
    accounts: usersIn({ path, bytes, topicMost }),
    exposed: exposureOf(mode, "and so let themselves in"),
  };
}

/** As {@link readUsersFile}, from the file's bytes. Throws UsageError. */
export function usersIn(
  { path, bytes, topicMost }: {
    readonly path: string;
    readonly bytes: Uint8Array;
    readonly topicMost: number;
  },
): Accounts {
  const place = visible(path);
  const text = decoded(bytes);
  if (text === undefined) throw new UsageError(`${place}: not UTF-8: save the file in that encoding`);
  const read = readAccounts(parseToml({ path: place, text }), topicMost);
  if ("accounts" in read) return read.accounts;
  const lines = read.problems.slice(0, PROBLEMS_SHOWN).map(({ user, text: problem }: AccountProblem) => {
    const line = user === undefined ? undefined : lineOfUser(text, user);
    return `${place}${line === undefined ? "" : `:${line}`}: ${problem}`;
  });
  const hidden = read.problems.length - lines.length;
  if (hidden > 0) lines.push(`${place}: and ${hidden} more`);
  throw new UsageError(lines.join("\n"));
}

/** As text, without a byte order mark; undefined: it is none. */
function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** The line of the n-th `[[user]]`, from 0; undefined: the users are written in another way. */
function lineOfUser(text: string, user: number): number | undefined {
  const lines = text.split("\n").flatMap((line, at) => /^\s*\[\[\s*user\s*\]\]/.test(line) ? [at + 1] : []);
  return lines[user];
}
