/**
 * One transcript said to a broker, and what it answers.
 *
 * @module
 */
import type { Transcript } from "./transcript.ts";

/** Bytes of an answer that are kept. */
const KEPT_MOST = 16 * 1024;
/** So long who stays does so, milliseconds. */
const STAY_MS = 200;
/** Longer than a broker may take to end a connection that says nothing more, on a machine with much to do. */
const END_WITHIN_MS = 20_000;

const decoder = new TextDecoder("latin1");

/** What came back; undefined: the broker did not end the connection in its time. */
export async function attack(
  transcript: Transcript,
  ports: { subPort: number; pubPort: number },
): Promise<string | undefined> {
  const { on, bytes, cuts, leaving } = transcript;
  const port = on === "publishers" ? ports.pubPort : ports.subPort;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  let late = false;
  const deadline = setTimeout(() => {
    late = true;
    closed(connection);
  }, END_WITHIN_MS);
  const hearing = hear(connection);
  try {
    let at = 0;
    for (const cut of [...cuts, Infinity]) {
      const end = Math.min(bytes.length, at + cut);
      while (at < end) at += await connection.write(bytes.subarray(at, end));
    }
    if (leaving === "stays") await new Promise((resolve) => setTimeout(resolve, STAY_MS));
    if (leaving === "cuts") closed(connection);
    else await connection.closeWrite();
  } catch {
    // the broker has ended it
  }
  const heard = await hearing;
  clearTimeout(deadline);
  closed(connection);
  return late ? undefined : heard;
}

async function hear(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(16 * 1024);
  let heard = "";
  try {
    for (let count = await connection.read(buffer); count !== null; count = await connection.read(buffer)) {
      if (heard.length < KEPT_MOST) heard += decoder.decode(buffer.subarray(0, count));
    }
  } catch {
    // reset, or closed by ourselves
  }
  return heard;
}

function closed(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // it is closed
  }
}
