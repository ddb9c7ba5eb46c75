/**
 * What an attacker says to a port with TLS: inside of it, in records that are changed on their way, in the
 * handshake or behind it, or without any.
 *
 * @module
 */
import type { Wire } from "../talker.ts";
import type { Random } from "./mutate.ts";

/** Where a handshake of the client's is over, about: its bytes. */
const HANDSHAKE_BYTES = 700;
const INSIDE = 0.5;
const PLAIN = 0.15;

/** A connection to it, as an attacker draws it. */
export async function drawnTlsWire(port: number, issuer: string, random: Random): Promise<Wire> {
  const drawn = random();
  if (drawn < INSIDE) return await tlsWire(port, issuer);
  if (drawn < INSIDE + PLAIN) return await connected(port);
  using relay = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const wire = tlsWire(relay.addr.port, issuer);
  void passOn(await relay.accept(), await connected(port), changeOf(random));
  return await wire;
}

/** One inside of TLS; its handshake is done with what is said first. */
export async function tlsWire(port: number, issuer: string): Promise<Wire> {
  return await Deno.startTls(await connected(port), { hostname: "localhost", caCerts: [issuer] });
}

async function connected(port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  return connection;
}

type Bytes = Uint8Array<ArrayBuffer>;

/** Changes the piece of what a client sends that has this byte in it. */
interface Change {
  readonly at: number;
  of(piece: Bytes, place: number): Bytes;
}

function changeOf(random: Random): Change {
  const at = Math.floor(random() * (random() < 0.5 ? HANDSHAKE_BYTES : 4 * HANDSHAKE_BYTES));
  const value = Math.floor(random() * 256);
  const length = 1 + Math.floor(random() * 64);
  const kinds: readonly Change["of"][] = [
    // another byte
    (piece, place) => piece.with(place, value),
    // some bytes less
    (piece, place) => joined(piece.slice(0, place), piece.slice(place + length)),
    // some bytes more
    (piece, place) => joined(piece.slice(0, place), new Uint8Array(length).fill(value), piece.slice(place)),
    // all that came in this piece, twice: records that were used already
    (piece) => joined(piece, piece),
    // the length of a record, were it one
    (piece, place) =>
      joined(piece.slice(0, place), Uint8Array.of(0x17, 3, 3, 0xff, 0xff), piece.slice(place)),
    // nothing more
    (piece, place) => piece.slice(0, place),
  ];
  return { at, of: kinds[Math.floor(random() * kinds.length)]! };
}

function joined(...parts: readonly Bytes[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** To the end of both sides; what one says last is the other's to hear. */
async function passOn(client: Deno.TcpConn, broker: Deno.TcpConn, { at, of }: Change): Promise<void> {
  let passed = 0;
  const changed = (piece: Bytes): Bytes => {
    const place = at - passed;
    passed += piece.length;
    return place >= 0 && place < piece.length ? of(piece, place) : piece;
  };
  await Promise.all([pump(client, broker, changed), pump(broker, client, (piece) => piece)]);
  client.close();
  broker.close();
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn, changed: (piece: Bytes) => Bytes): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      const piece = changed(buffer.slice(0, count));
      for (let at = 0; at < piece.length;) at += await to.write(piece.subarray(at));
    }
  } catch {
    // one of them has gone
  }
  await to.closeWrite().catch(() => {});
}
