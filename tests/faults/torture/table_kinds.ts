/**
 * Hostile clients for the table alone: those that make a broker keep much for the few bytes they send, one for
 * each thing that is kept. In rounds they would only repeat what others do there.
 *
 * @module
 */
import { type Hostile, times } from "./hostile.ts";
import { type Kind, KIND_NAMES, type KindName, KINDS } from "./kinds.ts";

/** What the system sends for a connection. */
const CONNECTION_BYTES = 250;

/** Subscribes to as many patterns of a few bytes as one connection may have, on some connections. */
function patterns(policy: string): Kind {
  return async (hostile) => {
    for (let many = 0; hostile.on && many < 20; many++) {
      const socket = await hostile.open("sub");
      hostile.drain(socket);
      await hostile.send(
        socket,
        times((at) => `sub #${many.toString(36)}${at.toString(36)}${policy}\n`, 1000),
      );
    }
    await hostile.stay();
  };
}

/** Publishes, and reads the replies. */
async function publish(hostile: Hostile, next: () => string): Promise<void> {
  const socket = await hostile.open("pub");
  hostile.drain(socket);
  await hostile.flood(socket, next);
  await hostile.stay();
}

const KEPT_KINDS = {
  "idle connections": async (hostile) => {
    for (let many = 0; hostile.on && many < 4000; many += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, at) => hostile.open(at & 1 ? "sub" : "pub", { hello: false })),
      );
      hostile.sent += 50 * CONNECTION_BYTES;
    }
    await hostile.stay();
  },
  "20,000 short patterns": patterns(""),
  "20,000 short patterns, latest": patterns(" slow=latest"),
  "a topic a message, in memory": async (hostile) => {
    let number = 0;
    await publish(hostile, () => times((at) => `pub #h.many.${at} 1\nx\n`, 1000, number += 1000));
  },
  "a topic a message, heard": async (hostile) => {
    const socket = await hostile.open("sub");
    hostile.drain(socket);
    await hostile.send(socket, "sub #h.many.>\n");
    let number = 0;
    await publish(hostile, () => times((at) => `pub #h.many.${at} 1\nx\n`, 1000, number += 1000));
  },
  "a topic twice": async (hostile) => {
    let number = 0;
    await publish(hostile, () => times((at) => `pub #h.many.${at >> 1} 1\nx\n`, 1000, number += 1000));
  },
  "short ids": async (hostile) => {
    let number = 0;
    await publish(
      hostile,
      () => times((at) => `pub #d.ids 1 id=${at.toString(36)}\nx\n`, 1000, number += 1000),
    );
  },
} satisfies Record<string, Kind>;

/** All kinds that the table has a row for. */
export const TABLE_KINDS: Readonly<Record<TableKind, Kind>> = { ...KINDS, ...KEPT_KINDS };
export type TableKind = KindName | keyof typeof KEPT_KINDS;
export const TABLE_KIND_NAMES: readonly TableKind[] = [
  ...KIND_NAMES,
  ...Object.keys(KEPT_KINDS) as (keyof typeof KEPT_KINDS)[],
];
