/** Requests that wait for the broker are not idle, and those that do not are, whatever came before them. */
import { assertEquals } from "@std/assert";
import { startHttp } from "../support/http.ts";
import { HeldStore } from "../support/held_store.ts";
import { until } from "../support/until.ts";
import { within } from "../support/within.ts";

const PATIENCE = { http: { patience: { header: 2000, idle: 40 } } };

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

Deno.test("of requests that were sent in a row each waits for the broker as long as that takes", async () => {
  const store = new HeldStore();
  await using http = await startHttp({ store, ...PATIENCE });
  store.free = false;
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: http.port });
  const reading = new Reading(connection);
  await connection.write(post("1"));
  const first = await store.next();
  await connection.write(post("2"));
  await until("the other request", () => http.broker.connections === 2);
  first.end();
  const second = await store.next();
  assertEquals(await reading.answers(1), true);
  // longer than who is idle has
  await new Promise((resolve) => setTimeout(resolve, 200));
  second.end();
  assertEquals(await reading.answers(2), true);
  store.free = true;
});

Deno.test("a connection whose requests were answered is idle again: what brings nothing of its body is let go", async () => {
  await using http = await startHttp(PATIENCE);
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: http.port });
  const reading = new Reading(connection);
  await connection.write(new Uint8Array([...post("1"), ...post("2", 9)]));
  assertEquals(await reading.answers(1), true);
  assertEquals(await reading.answers(2), false);
  assertEquals((await http.json("/api/broker")).totals.published, 1);
});
