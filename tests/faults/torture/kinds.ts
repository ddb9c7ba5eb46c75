/**
 * The hostile clients, one function a kind. Each does the worst it can with what it has; none knows how a
 * broker is made inside.
 *
 * @module
 */
import { type Hostile, times } from "./hostile.ts";

/** What one kind of hostile client does. */
export type Kind = (hostile: Hostile) => Promise<void>;

const KIB = 1024;
const MIB = 1024 ** 2;
/** The segments that open a connection and close it. */
const CONNECTION_BYTES = 250;
/** 150 KB a second, read each 100 ms. */
const SLOW_BYTES = 15_000;
/** What is told of a reader that makes progress and is cut. */
export const STEADY_CUT = "a steady reader was cut";
const small = times(() => "pub #h.flood 16\n0123456789abcdef\n", 2000);

/** Subscribes with these lines and never reads again. */
async function mute(hostile: Hostile, requests: string): Promise<void> {
  await hostile.send(await hostile.open("sub"), requests);
  await hostile.rest(100);
}

/** Publishes to one's own topic, and reads the replies. */
async function feed(hostile: Hostile, next: () => string | Uint8Array): Promise<void> {
  const socket = await hostile.open("pub");
  hostile.drain(socket);
  await hostile.flood(socket, next);
  await hostile.stay();
}

/** Never reads, under this policy, what it publishes itself; where nobody waits for it, what others do as well. */
function muteWith(policy: string): Kind {
  return async (hostile) => {
    await mute(
      hostile,
      `sub #h.flood slow=${policy}\n${policy === "block" ? "" : `sub #t.> slow=${policy}\n`}`,
    );
    await pour(hostile, small);
  };
}

/** Floods with what nobody has to keep, and reads the replies. */
async function pour(hostile: Hostile, data: string): Promise<void> {
  const bytes = new TextEncoder().encode(data);
  const socket = await hostile.open("pub");
  hostile.drain(socket);
  await hostile.endless(socket, () => bytes);
}

function payload(topic: string, bytes: number): Uint8Array {
  const head = new TextEncoder().encode(`pub ${topic} ${bytes}\n`);
  const frame = new Uint8Array(head.length + bytes + 1).fill(120);
  frame.set(head);
  frame[frame.length - 1] = 10;
  return frame;
}

/** A topic of so many segments of `a` or `b`. */
function deep(random: () => number, segments: number, letters: string): string {
  return Array.from({ length: segments }, () => letters[Math.floor(random() * letters.length)]).join(".");
}

/** Every kind, by its name on the command line and in the table. */
export const KINDS = {
  "publish flood": async (hostile) => await pour(hostile, small),
  "ping flood": async (hostile) => await pour(hostile, "ping\n".repeat(10_000)),
  "refused flood": async (hostile) => await pour(hostile, "sub #a\n".repeat(5_000)),
  "publish flood, classic": async (hostile) => {
    const socket = await hostile.open("pub", { hello: false });
    hostile.drain(socket);
    const lines = new TextEncoder().encode("p pub #h.flood 0123456789abcdef\n".repeat(2000));
    await hostile.endless(socket, () => lines);
  },
  "flood of 16": async (hostile) => {
    await Promise.all(Array.from({ length: 16 }, () => pour(hostile, small)));
  },
  "10,000 in one segment": async (hostile) => {
    await pour(hostile, times((at) => `pub #h.many.${at % 10} 1\nx\n`, 10_000));
  },
  "one byte a segment": async (hostile) => {
    const sockets = await Promise.all(
      Array.from({ length: 50 }, () => hostile.open("pub", { hello: false })),
    );
    const line = new TextEncoder().encode("p pub #h.dribble one byte after the other\n");
    for (const socket of sockets) hostile.drain(socket);
    for (let at = 0; hostile.on; at = (at + 1) % line.length) {
      await Promise.all(sockets.map((socket) => hostile.send(socket, line.subarray(at, at + 1))));
    }
  },
  "half-sent payloads": async (hostile) => {
    const half = payload("#h.half", 8 * MIB).subarray(0, 8 * MIB);
    const many = Math.max(1, Math.floor(hostile.options.bytes / half.length));
    const sockets = await Promise.all(Array.from({ length: Math.min(many, 40) }, () => hostile.open("pub")));
    await Promise.all(sockets.map((socket) => hostile.send(socket, half)));
    await hostile.stay();
  },
  "half-sent lines": async (hostile) => {
    const half = "p pub #h.half ".padEnd(60_000, "x");
    for (let many = 0; hostile.on && many < 400; many++) {
      await hostile.send(await hostile.open("pub", { hello: false }), half);
    }
    await hostile.stay();
  },
  "never reads replies": async (hostile) => {
    const socket = await hostile.open("pub");
    await hostile.flood(socket, () => times((at) => `pub #d.r${at & 1} 1\nx\n`, 4000));
    await hostile.stay();
  },
  "never reads, block": muteWith("block"),
  "never reads, drop-old": muteWith("drop-old"),
  "never reads, drop-new": muteWith("drop-new"),
  "never reads, latest": muteWith("latest"),
  "never reads, disconnect": muteWith("disconnect"),
  "never reads, block and drop-old": async (hostile) => {
    await mute(hostile, "sub #h.flood\nsub #h.other slow=drop-old\nsub #h.last slow=latest\n");
    const some = times((at) => `pub #h.${["other", "last"][at & 1]} 4\nmore\n`, 50);
    await pour(hostile, times(() => `${some}${small}`, 4));
  },
  "never reads, block and then latest": async (hostile) => {
    const socket = await hostile.open("sub");
    await hostile.send(socket, "sub #h.flood\nsub #h.other slow=drop-old\n");
    await hostile.rest(100);
    const pouring = pour(hostile, small);
    await hostile.rest(1000);
    await hostile.send(socket, "sub #h.flood slow=latest\n");
    await pouring;
  },
  "sub from=1 again": async (hostile) => {
    const socket = await hostile.open("sub");
    await hostile.flood(socket, () => "sub #d.a from=1\n".repeat(4000));
    await hostile.stay();
  },
  "1,000 replays, silent": async (hostile) => {
    await fill(hostile);
    const patterns = times((at) => `sub #d.${"*.".repeat(at % 3)}> from=earliest\nunsub #none.${at}\n`, 3);
    const socket = await hostile.open("sub");
    await hostile.send(socket, patterns);
    await hostile.send(
      socket,
      times((at) => `sub #d.fill.${at % 20}.> from=earliest\nsub #d.fill.*.${at} from=earliest\n`, 498),
    );
    await hostile.stay();
  },
  "1,000 replays, read": async (hostile) => {
    await fill(hostile);
    const socket = await hostile.open("sub");
    hostile.drain(socket);
    for (let at = 0; hostile.on; at++) {
      await hostile.send(socket, `sub #d.> from=earliest\nunsub #d.>\n`);
      await hostile.rest(20);
    }
  },
  "1,000 patterns": async (hostile) => {
    const { random } = hostile.options;
    const sockets: Deno.TcpConn[] = [];
    for (let many = 0; hostile.on && many < 20; many++) {
      const socket = await hostile.open("sub");
      hostile.drain(socket);
      sockets.push(socket);
      await hostile.send(socket, times(() => `sub #${deep(random, 127, "a*")}\n`, 1000));
    }
    await hostile.stay();
  },
  "1,000 patterns, matched": async (hostile) => {
    const { random } = hostile.options;
    const socket = await hostile.open("sub");
    hostile.drain(socket);
    await hostile.send(socket, times(() => `sub #${deep(random, 40, "a*")}\n`, 1000));
    await feed(hostile, () => times(() => `pub #${deep(random, 40, "aaaab")} 1\nx\n`, 20));
  },
  "sub and unsub": async (hostile) => {
    const socket = await hostile.open("sub");
    hostile.drain(socket);
    let number = 0;
    await hostile.flood(
      socket,
      () => times((at) => `sub #h.flip.${at}\nunsub #h.flip.${at}\n`, 1000, number += 1000),
    );
  },
  "two topics in turn": async (hostile) => {
    await feed(hostile, () => times((at) => `pub #d.turn.${at & 1} 1\nx\n`, 4000));
  },
  "a topic a message": async (hostile) => {
    let number = 0;
    await feed(hostile, () => times((at) => `pub #d.many.${at} 1\nx\n`, 1000, number += 1000));
  },
  "long ids": async (hostile) => {
    let number = 0;
    await feed(hostile, () => `pub #d.ids 1 id=${`${number++}x`.padEnd(60_000, "y")}\nx\n`);
  },
  "ttl and a hung reader": async (hostile) => {
    await mute(hostile, "sub #h.ttl slow=drop-old\n");
    const socket = await hostile.open("pub");
    hostile.drain(socket);
    // what the systems between the two take
    for (let many = 0; many < 12; many++) await hostile.send(socket, payload("#h.ttl", MIB));
    while (hostile.on) {
      await hostile.send(socket, times(() => `pub #h.ttl 1 ttl=60\nx\n`, 20));
      await hostile.rest(2);
    }
    await hostile.stay();
  },
  "two subscriptions in turn": async (hostile) => {
    await mute(hostile, "sub #h.x slow=drop-old\nsub #h.y slow=drop-old\n");
    await pour(hostile, times((at) => `pub #h.${"xy"[at & 1]} 1\nx\n`, 2000));
  },
  "8 MiB to who does not read": async (hostile) => {
    for (let many = 0; many < 60; many++) await mute1(hostile, "sub #h.big slow=drop-new\n");
    const socket = await hostile.open("pub");
    hostile.drain(socket);
    const frame = payload("#h.big", 8 * MIB - 100);
    for (let count = 0; hostile.on && count < 20; count++) await hostile.send(socket, frame);
    await hostile.stay();
  },
  "reads steadily, but slowly": async (hostile) => {
    const socket = await hostile.open("sub");
    await hostile.send(socket, "sub #h.slow slow=block\n");
    // in its own time: it is the publisher that waits
    void pour(hostile, small.replaceAll("#h.flood", "#h.slow")).catch(() => {});
    const buffer = new Uint8Array(SLOW_BYTES);
    while (hostile.here) {
      const count = await socket.read(buffer).catch(() => null);
      if (count === null && hostile.left > 100) throw new Error(STEADY_CUT);
      hostile.received += count ?? 0;
      await hostile.rest(100);
    }
  },
  "connection storm": async (hostile) => {
    while (hostile.on) {
      const some = await Promise.all(
        Array.from({ length: 50 }, (_, at) => hostile.open(at & 1 ? "sub" : "pub", { hello: false })),
      );
      hostile.sent += some.length * CONNECTION_BYTES;
      for (const socket of some) hostile.close(socket);
      await hostile.rest(1);
    }
  },
  "malformed": async (hostile) => {
    const { random } = hostile.options;
    while (hostile.on) {
      const socket = await hostile.open(random() < 0.5 ? "sub" : "pub", { hello: random() < 0.7 });
      hostile.drain(socket);
      await hostile.send(socket, malformed(random)).catch(() => {});
      await hostile.rest(2);
      hostile.close(socket);
    }
  },
  "all memory, half-sent": async (hostile) => {
    const { random } = hostile.options;
    // the large ones first; what is refused is passed over, and makes room
    for (
      let bytes = 8 * MIB;
      hostile.on;
      bytes = Math.max(64 * KIB, Math.floor(bytes * (0.7 + random() / 4)))
    ) {
      const socket = await hostile.open("pub");
      hostile.drain(socket);
      await hostile.send(socket, payload("#h.half", bytes).subarray(0, bytes));
      await hostile.rest(2);
    }
    await hostile.stay();
  },
} satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
export const KIND_NAMES = Object.keys(KINDS) as KindName[];
/** It is there where there is little memory, and only there. */
export const HOARDER: KindName = "all memory, half-sent";
export const DRAWN_KINDS = KIND_NAMES.filter((kind) => kind !== HOARDER);

async function mute1(hostile: Hostile, requests: string): Promise<void> {
  await hostile.send(await hostile.open("sub"), requests);
}

/** Some megabytes to read again: half of what it may send at most. */
async function fill(hostile: Hostile): Promise<void> {
  const socket = await hostile.open("pub");
  hostile.drain(socket);
  const piece = "x".repeat(1000);
  const most = Math.min(8 * MIB, hostile.options.bytes / 2);
  for (let number = 0; hostile.on && hostile.sent < most; number += 200) {
    await hostile.send(
      socket,
      times((at) => `pub #d.fill.${at % 20}.${at % 498} 1000\n${piece}\n`, 200, number),
    );
  }
  await hostile.rest(300);
}

const BAD = [
  "pub #a -1\n",
  "pub #a 1e3\nx\n",
  "pub #a 99999999999999999999\n",
  "pub #a 3\nabcd\n",
  "sub #> from=x\n",
  "sub #a.>.b\n",
  "hello 3\n",
  "x hello 2\nx hello 2\n",
  "\0\0\0\0",
  "ok 1\npong\n",
  "p pub # x\n",
  "p pub #a\xff x\n",
  "pub #a 1 ttl=x\ny\n",
];

function malformed(random: () => number): Uint8Array {
  if (random() < 0.3) return Uint8Array.from({ length: 2000 }, () => Math.floor(random() * 256));
  const text = times(() => BAD[Math.floor(random() * BAD.length)] ?? "", 1 + Math.floor(random() * 20));
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).slice(
    0,
    1 + Math.floor(random() * text.length),
  );
}
