/**
 * Connections from many addresses of this machine: a broker that makes those wait who fail to log in counts by
 * address.
 *
 * @module
 */
import { connect } from "node:net";
import type { Wire } from "./talker.ts";

/** Connects from 127.1.x.y, another one for each number. */
export function connectFrom(number: number, port: number): Promise<Wire> {
  const localAddress = `127.1.${number >> 8 & 255}.${number & 255 || 1}`;
  const socket = connect({ host: "127.0.0.1", port, localAddress, noDelay: true, allowHalfOpen: true });
  const chunks: Uint8Array[] = [];
  let over = false;
  let wake = (): void => {};
  socket.on("data", (chunk) => {
    chunks.push(chunk as Uint8Array);
    wake();
  });
  for (const event of ["end", "close", "error"]) {
    socket.on(event, () => {
      over = true;
      wake();
    });
  }
  const wire: Wire = {
    read: async (into) => {
      while (chunks.length === 0) {
        if (over) return null;
        await new Promise<void>((resolve) => wake = resolve);
      }
      const chunk = chunks[0]!;
      const part = chunk.subarray(0, into.length);
      into.set(part);
      if (part.length === chunk.length) chunks.shift();
      else chunks[0] = chunk.subarray(part.length);
      return part.length;
    },
    write: (from) =>
      new Promise((resolve, reject) => {
        socket.write(from.slice(), (error) => error ? reject(error) : resolve(from.length));
      }),
    closeWrite: () => {
      socket.end();
      return Promise.resolve();
    },
    close: () => void socket.destroy(),
  };
  return new Promise((resolve, reject) => {
    socket.once("connect", () => resolve(wire));
    socket.once("error", reject);
  });
}
