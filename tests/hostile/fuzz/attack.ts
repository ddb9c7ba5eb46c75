/**
 * One transcript said to a broker, and what it answers.
 *
 * @module
 */
import { connectFrom } from "../local_address.ts";
import type { Wire } from "../talker.ts";
import { drawnTlsWire } from "./tls_wire.ts";
import type { Transcript } from "./transcript.ts";

/** Bytes of an answer that are kept. */
const KEPT_MOST = 16 * 1024;
/** So long who stays does so, milliseconds. */
const STAY_MS = 200;
/** Longer than checking secrets takes on a machine with twenty times as much to do as it can. */
const END_WITHIN_MS = 120_000;

const decoder = new TextDecoder("latin1");

/** What is attacked. */
export interface Target {
  readonly subPort: number;
  readonly pubPort: number;
  readonly httpPort: number;
  /** It makes who fails to log in wait, by address: each attack comes from one of many. */
  readonly accounts: boolean;
  /** It speaks TLS, and who trusts this issuer (PEM) believes it; left out: plain text. */
  readonly issuer?: string | undefined;
  readonly random: () => number;
  /** What nobody may hear. */
  readonly forbidden?: string;
}

/**
 * What came back; undefined: the broker did not end the connection in its time. Rejects where there is no
 * connection, or something forbidden was heard.
 */
export async function attack(transcript: Transcript, target: Target): Promise<string | undefined> {
  const { on, bytes, cuts, leaving } = transcript;
  const port = { publishers: target.pubPort, subscribers: target.subPort, http: target.httpPort }[on];
  const wire = await connected(port, target);
  let late = false;
  let cutting: ReturnType<typeof setTimeout> | undefined;
  const deadline = setTimeout(() => {
    late = true;
    closed(wire);
  }, END_WITHIN_MS);
  const hearing = hear(wire, target.forbidden);
  try {
    let at = 0;
    for (const cut of [...cuts, Infinity]) {
      const end = Math.min(bytes.length, at + cut);
      while (at < end) at += await wire.write(bytes.subarray(at, end));
    }
    if (leaving === "stays") await new Promise((resolve) => setTimeout(resolve, STAY_MS));
    if (leaving === "cuts") closed(wire);
    else await wire.closeWrite();
    // a stream goes on for who only says nothing more
    if (on === "http") cutting = setTimeout(() => closed(wire), STAY_MS);
  } catch {
    // the broker has ended it
  }
  const { heard, leaked } = await hearing;
  clearTimeout(deadline);
  clearTimeout(cutting);
  closed(wire);
  if (leaked) throw new Error("an attacker heard what it may not receive");
  return late ? undefined : heard;
}

async function connected(port: number, { accounts, issuer, random }: Target): Promise<Wire> {
  try {
    if (issuer !== undefined) return await drawnTlsWire(port, issuer, random);
    if (accounts) return await connectFrom(Math.floor(random() * 65_536), port);
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    return connection;
  } catch (error) {
    throw new Error(`no connection to the broker: ${error instanceof Error ? error.message : error}`);
  }
}

async function hear(
  wire: Wire,
  forbidden?: string,
): Promise<{ readonly heard: string; readonly leaked: boolean }> {
  const buffer = new Uint8Array(16 * 1024);
  let heard = "";
  let end = "";
  let leaked = false;
  try {
    for (let count = await wire.read(buffer); count !== null; count = await wire.read(buffer)) {
      const some = decoder.decode(buffer.subarray(0, count));
      if (heard.length < KEPT_MOST) heard += some;
      if (forbidden === undefined) continue;
      leaked ||= (end + some).includes(forbidden);
      end = some.slice(-forbidden.length);
    }
  } catch {
    // reset, or closed by ourselves
  }
  return { heard, leaked };
}

function closed(wire: Wire): void {
  try {
    wire.close();
  } catch {
    // it is closed
  }
}
