/** Requests that wait for the broker are not idle, and those that do not are, whatever came before them. */
import { assertEquals } from "@std/assert";
import { Server } from "node:http";
import type { Socket } from "node:net";
import { standIn } from "../cli/stand_in.ts";
import { type RunningHttp, startHttp } from "../support/http.ts";
import { HeldStore } from "../support/held_store.ts";
import { within } from "../support/within.ts";

function post(text: string, length = text.length): Uint8Array {
  return new TextEncoder().encode(
    `POST /api/topics/d/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${length}\r\n\r\n${text}`,
  );
}

/** What comes of a connection. */
class Reading {
  text = "";
  readonly #connection: Deno.Conn;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** Until so many answers have come; false: it has ended before. */
  async answers(count: number): Promise<boolean> {
    const bytes = new Uint8Array(10_000);
    while ((this.text.match(/HTTP\/1\.1 201/g)?.length ?? 0) < count) {
      const read = await within(`${count} answers`, this.#connection.read(bytes).catch(() => null));
      if (read === null) return false;
      this.text += new TextDecoder().decode(bytes.subarray(0, read));
    }
    return true;
  }
}

/** A port whose connections are idle for too long when the test says so. */
async function startIdling(store: HeldStore): Promise<{ readonly http: RunningHttp; idle(): void }> {
  let late: (socket: Socket) => void = () => {};
  const sockets: Socket[] = [];
  const setTimeout = function (this: Server, _: number, tell: (socket: Socket) => void): Server {
    late = tell;
    return this.on("connection", (socket) => sockets.push(socket));
  };
  using _set = standIn(Server.prototype, "setTimeout", setTimeout as Server["setTimeout"]);
  const http = await startHttp({ store });
  return { http, idle: () => sockets.forEach((socket) => late(socket)) };
}

Deno.test("of requests that were sent in a row each waits for the broker as long as that takes, and then is idle", async () => {
  const store = new HeldStore();
  const { http, idle } = await startIdling(store);
  await using _http = http;
  store.free = false;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: http.port });
  const reading = new Reading(connection);
  await connection.write(new Uint8Array([...post("1"), ...post("2")]));
  const first = await store.next();
  idle();
  first.end();
  const second = await store.next().finally(() => store.free = true);
  idle();
  const answered = await reading.answers(1);
  idle();
  second.end();
  assertEquals([answered, await reading.answers(2)], [true, true]);
  idle();
  assertEquals(await reading.answers(3), false);
});

Deno.test("who has asked for nothing, and whose request brings nothing, is let go when it is idle", async () => {
  const { http, idle } = await startIdling(new HeldStore());
  await using _http = http;
  for (const begun of [new Uint8Array(), post("2", 9)]) {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: http.port });
    const reading = new Reading(connection);
    await connection.write(new Uint8Array([...post("1"), ...begun]));
    assertEquals(await reading.answers(1), true);
    idle();
    assertEquals(await reading.answers(2), false);
  }
});
