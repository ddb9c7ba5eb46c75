/**
 * What a client is told that is not let in. It ends with that: to ask again would be no use, and to ask again
 * and again is what who guesses does.
 *
 * @module
 */
import { RunError } from "../../errors.ts";
import { quote } from "../../text.ts";
import type { Settings } from "./settings.ts";

/** Hello was answered `ERR_DENIED` (A4). */
export function notLetIn({ address, credentials }: Settings): RunError {
  const why = credentials === undefined
    ? "lets in only who shows the name and the token of an account"
    : `does not let ${
      quote(credentials.user)
    } in: the name or the token is wrong, or the account has expired`;
  return new RunError(`the broker at ${address} ${why}`, "DENIED");
}

/** Credentials were shown to a broker that does not ask who anybody is, and told nobody so (A5). */
export function noAccounts({ address }: Settings, user: string): RunError {
  return new RunError(
    `the broker at ${address} has no accounts, and lets everybody do everything: leave ${
      quote(user)
    } and its ` +
      "token out if that is meant",
    "DENIED",
  );
}

/** The broker has ended a connection that it had let in (A6). */
export function letGo({ address }: Settings, reason: string): RunError {
  return new RunError(`the broker at ${address} lets this client in no longer (${reason})`, "DENIED");
}
