/**
 * Who a client says it is. A token is no argument, for those can be seen by everybody on the machine, and no
 * part of a URL or of what is saved: it comes from a file, or from the environment.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote, visible } from "../../text.ts";
import { option, type Table } from "../options/table.ts";
import { ACCOUNT, FILE } from "../options/units.ts";
import { variable } from "../process/environment.ts";
import { exposureOf } from "../process/exposure.ts";
import { readTextSync } from "../process/files.ts";

const TOKEN_VARIABLE = "HASHBUS_TOKEN";

export const CREDENTIAL_OPTIONS = {
  user: option(ACCOUNT, {
    help: "the name of an account, where the broker has accounts; " +
      `its token is in ${TOKEN_VARIABLE} or --token-file`,
  }),
  "token-file": option(FILE, {
    help: `the file whose first line is the token of --user (${TOKEN_VARIABLE})`,
  }),
} as const satisfies Table;

/** As the library takes them. */
export interface GivenCredentials {
  readonly user: string;
  readonly token: string;
}

/** What is wrong with the file a token is in, a sentence; undefined: nothing. */
export function tokenExposure(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  const exposure = exposureOf(Deno.statSync(path).mode, "and so whose token is shown");
  return exposure === undefined ? undefined : `the token in ${quote(path, 200)} is exposed: ${exposure}`;
}

/** What the options and the environment give; undefined: no --user. Throws UsageError. */
export function credentialsFrom(
  { user, "token-file": path }: {
    readonly user: string | undefined;
    readonly "token-file": string | undefined;
  },
): GivenCredentials | undefined {
  if (user === undefined) {
    // a token in the environment may be meant for another broker, one on the command line is not
    if (path === undefined) return undefined;
    throw new UsageError("--token-file says what shows who --user is: give --user NAME, too");
  }
  const token = path === undefined ? variable(TOKEN_VARIABLE) : tokenIn(path);
  if (token !== undefined) return { user, token };
  throw new UsageError(
    `there is no token for --user ${quote(user)}: set ${TOKEN_VARIABLE}, or give --token-file FILE`,
  );
}

function tokenIn(path: string): string {
  const [first = ""] = readTextSync(path, "the token in").split("\n");
  const token = first.replace(/\r$/, "");
  if (token === "") {
    throw new UsageError(`${visible(path)}: the first line is to be a token, and it is empty`);
  }
  return token;
}
