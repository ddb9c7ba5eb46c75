/**
 * What comes to a port with TLS and is none, or not all of it, or not what it says (F35, F37).
 *
 * @module
 */
import { raw, type Row, type Table } from "../exchange.ts";

const PLAIN = "ERR_NEEDS_TLS";
/** Any alert: which one is the library's. */
const ALERT = "alert…";

/** Bytes of a length, in so many bytes. */
function length(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, at) => value >> 8 * (bytes - 1 - at) & 255);
}

function record(
  type: number,
  body: readonly number[],
  version: readonly [number, number] = [3, 1],
): number[] {
  return [type, ...version, ...length(body.length, 2), ...body];
}

function handshake(type: number, body: readonly number[]): number[] {
  return [type, ...length(body.length, 3), ...body];
}

const RANDOM = Array.from({ length: 32 }, (_, at) => at * 37 & 255);

/** A ClientHello of which parts can be said wrong. */
function clientHello(
  { version = [3, 3], session = [0], ciphers = [0, 2, 0x13, 1], compression = [1, 0], extensions = [] }: {
    readonly version?: readonly number[];
    readonly session?: readonly number[];
    readonly ciphers?: readonly number[];
    readonly compression?: readonly number[];
    readonly extensions?: readonly number[];
  } = {},
): number[] {
  const body = [...version, ...RANDOM, ...session, ...ciphers, ...compression];
  return handshake(1, [
    ...body,
    ...(extensions.length === 0 ? [] : [...length(extensions.length, 2), ...extensions]),
  ]);
}

function sni(name: readonly number[]): number[] {
  const entry = [0, ...length(name.length, 2), ...name];
  return [0, 0, ...length(entry.length + 2, 2), ...length(entry.length, 2), ...entry];
}

const hello = (parts: Parameters<typeof clientHello>[0]): Uint8Array =>
  raw(...record(0x16, clientHello(parts)));

const NO_TLS: Readonly<Record<string, string | Uint8Array>> = {
  "a classic request": "c pub #a x\n",
  "a login": "c hello 2 user=little token=secret\n",
  "a frame of v2": "pub #a 1\nx\n",
  "an HTTP request": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
  "MQTT": raw(0x10, 0x0d, 0, 4, "MQTT", 4, 2, 0, 60, 0, 1, "c"),
  "Redis": "PING\r\n",
  "SSH": "SSH-2.0-OpenSSH_9.6\r\n",
  "a NUL": raw(0),
  "an LF": "\n",
  "SSL 2": raw(0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10),
  "an alert of TLS": raw(...record(0x15, [2, 40])),
  "what TLS carries": raw(...record(0x17, [1, 2, 3])),
  "a change of ciphers": raw(...record(0x14, [1])),
  "a heartbeat that asks for more than it brings": raw(...record(0x18, [1, 0x40, 0])),
  "PostgreSQL's question for TLS": raw(0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f),
  "SMTP's": "STARTTLS\r\n",
};

const BROKEN: Readonly<Record<string, Uint8Array>> = {
  "a record of version 0": raw(...record(0x16, clientHello(), [0, 0])),
  "a record of a version that is to come": raw(...record(0x16, clientHello(), [9, 9])),
  "an empty record": raw(...record(0x16, [])),
  "a record of 65,535 bytes": raw(0x16, 3, 1, 0xff, 0xff, ...new Array<number>(400).fill(0)),
  "a ServerHello": raw(...record(0x16, handshake(2, [3, 3, ...RANDOM, 0, 0x13, 1, 0]))),
  "a Finished": raw(...record(0x16, handshake(20, RANDOM))),
  "a HelloRequest": raw(...record(0x16, handshake(0, []))),
  "a key exchange first": raw(...record(0x16, handshake(16, RANDOM))),
  "an empty ClientHello": raw(...record(0x16, handshake(1, []))),
  "a ClientHello of SSL 3": hello({ version: [3, 0] }),
  "a ClientHello of TLS 1.0": hello({ version: [3, 1], ciphers: [0, 2, 0, 0x2f] }),
  "a ClientHello without ciphers": hello({ ciphers: [0, 0] }),
  "a ClientHello of half a cipher": hello({ ciphers: [0, 1, 0x13] }),
  "a ClientHello with ciphers beyond its end": hello({ ciphers: [0xff, 0xff, 0x13, 1] }),
  "a ClientHello of no cipher that encrypts": hello({ ciphers: [0, 2, 0, 0] }),
  "a ClientHello with a session of 255 bytes, of which one is there": hello({ session: [255, 1] }),
  "a ClientHello that compresses and nothing else": hello({ compression: [1, 1] }),
  "a ClientHello without compressions": hello({ compression: [0] }),
  "a ClientHello with extensions beyond its end": hello({ extensions: [0, 0, 0xff, 0xff] }),
  "a ClientHello with half an extension": hello({ extensions: [0, 0, 0] }),
  "a ClientHello for a name with a NUL": hello({ extensions: sni([0x61, 0, 0x62]) }),
  "a ClientHello for a name of no letters": hello({ extensions: sni([]) }),
  "a ClientHello for a name of 10,000 letters": hello({
    extensions: sni(new Array<number>(10_000).fill(0x61)),
  }),
  "a ClientHello with the same extension twice": hello({ extensions: [...sni([0x61]), ...sni([0x62])] }),
  "noise behind the first byte": raw(0x16, ...Array.from({ length: 200 }, (_, at) => at * 91 + 7 & 255)),
};

export const TLS_PORT: Table = {
  title: "a port with TLS (F35, F37)",
  on: "TLS publishers",
  opening: "none",
  rows: [
    ...Object.entries(NO_TLS).map(([what, says]): Row => [what, says, PLAIN, "ends"]),
    ...Object.entries(BROKEN).map(([what, says]): Row => [what, says, ALERT, "ends"]),
    ["nothing, and the end of the input", { end: true }, "", "ends"],
    ["half a record, and the end of the input", [raw(0x16, 3), { end: true }], ALERT, "ends"],
    [
      "half a ClientHello, and the end of the input",
      [raw(...record(0x16, clientHello()).slice(0, 30)), { end: true }],
      ALERT,
      "ends",
    ],
    ["half a ClientHello", raw(...record(0x16, clientHello()).slice(0, 30)), "", "waits"],
    ["a request behind half a ClientHello", [raw(0x16, 3, 1, 0, 5), "c pub #a evil\n"], ALERT, "ends"],
  ],
};
