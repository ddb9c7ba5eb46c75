/**
 * Connections, and an end of one.
 *
 * @module
 */
import type { Grant } from "../../auth/grant.ts";
import type { ConnectionSnapshot } from "../../broker/mod.ts";
import { countOf, limitOf, nextPath, wordOf } from "../answers.ts";
import { PER_CONNECTION_MOST } from "../limits.ts";
import { Problem } from "../problem.ts";
import type { App, Asked, Site } from "../types.ts";

/** `/api/connections` and one of them. */
export function addConnections(app: App, { broker, log }: Site): void {
  app.get("/api/connections", (asked) => {
    const { grant } = asked.var;
    const seen = broker.snapshot().connections.filter((connection) => maySee(grant, connection));
    return asked.json(
      wordOf(asked, "sort", ["number", "queued"]) === "number" ? byNumber(asked, seen) : byQueue(asked, seen),
    );
  });
  app.delete("/api/connections/:number", (asked) => {
    const { grant, visitor } = asked.var;
    if (!grant.administrator) {
      throw new Problem(403, "DENIED", "only an administrator may end connections");
    }
    const text = asked.req.param("number");
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!broker.disconnect(number)) {
      throw new Problem(404, "NO_SUCH", `there is no connection ${text}: it may have ended`);
    }
    log.info("disconnected by an administrator", {
      connection: number,
      by: grant.account,
      from: visitor.address,
    });
    return asked.body(null, 204);
  });
}

function byNumber(asked: Asked, seen: readonly ConnectionSnapshot[]): Record<string, unknown> {
  const after = countOf(asked, "after") ?? 0;
  const behind = seen.filter(({ number }) => number > after);
  const page = behind.slice(0, limitOf(asked));
  const last = page.at(-1);
  const next = last === undefined || page.length === behind.length
    ? null
    : nextPath(asked, { after: `${last.number}` });
  return { connections: page.map(connectionJson), total: seen.length, next };
}

function byQueue(asked: Asked, seen: readonly ConnectionSnapshot[]): Record<string, unknown> {
  const sorted = seen.toSorted((one, other) => {
    return Number(other.full) - Number(one.full) || other.held - one.held || one.number - other.number;
  });
  const page = sorted.slice(0, limitOf(asked));
  return { connections: page.map(connectionJson), total: seen.length, next: null };
}

/** An account sees its own. */
function maySee({ administrator, account }: Grant, connection: ConnectionSnapshot): boolean {
  return administrator || (account !== undefined && connection.account === account);
}

function connectionJson(connection: ConnectionSnapshot): Record<string, unknown> {
  const { number, listener, id, account = null, address, protocol, queued, held, dropped, waits } =
    connection;
  const { full: slow, subscriptions, groups } = connection;
  return {
    number,
    listener,
    id,
    account,
    address,
    protocol,
    queued_bytes: queued,
    held_bytes: held,
    dropped,
    slow,
    waits,
    subscription_count: subscriptions.length,
    subscriptions: subscriptions.slice(0, PER_CONNECTION_MOST),
    group_count: groups.length,
    groups: groups.slice(0, PER_CONNECTION_MOST),
  };
}
