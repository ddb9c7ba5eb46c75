/**
 * What becomes of connections when accounts have changed.
 *
 * @module
 */
import type { Gatekeeper } from "../auth/gatekeeper.ts";
import { NOTHING } from "../auth/grant.ts";
import { hostOf } from "./admission/networks.ts";
import type { Engine } from "../engine/types.ts";
import type { Connection } from "./connection.ts";
import { ENDED } from "./permissions.ts";
import type { Session } from "./session.ts";

/**
 * Every connection may do from now on what its account may (P8). All are given that before anything ends, for
 * what ends may hand on what is being handed on.
 */
export function renewGrants(
  connections: Iterable<Connection>,
  { gatekeeper, engine }: { readonly gatekeeper: Gatekeeper; readonly engine: Engine },
): void {
  const changed = [...connections].filter((connection) => renew(connection, gatekeeper));
  if (changed.length === 0) return;
  engine.permissionsChanged();
  for (const connection of changed) {
    if (connection.session.grant === NOTHING) connection.giveUp("account gone");
    else endDenied(connection.session);
  }
}

/**
 * Who has been given another grant, of which the engine has been told, ends what it may not receive any more;
 * a client that can take it is told, in its place among the replies.
 */
export function endDenied(session: Session): void {
  for (const ended of session.subscriptions.endDenied()) session.notify({ ended, reason: ENDED });
  session.memberships.leaveDenied();
}

/** Whether it is another. Who has not been let in has none; who needs no account keeps what it has. */
function renew({ session, address }: Connection, gatekeeper: Gatekeeper): boolean {
  const { grant, id } = session;
  if (grant?.account === undefined) return false;
  const renewed = gatekeeper.renew(grant, { id, address: hostOf(address) ?? address });
  session.grant = renewed ?? NOTHING;
  return renewed !== grant;
}
