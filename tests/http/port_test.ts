import { assertEquals } from "@std/assert";
import type { Socket } from "node:net";
import { openPort, type Port } from "../../lib/http/port.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { within } from "../support/within.ts";

/** A socket as Node's server hands it on. */
interface ServedSocket extends Socket {
  readonly server?: { emit(event: "error", error: Error): boolean };
}

/** What a port answers. */
async function get({ address }: Port): Promise<string> {
  const response = await within("an answer", fetch(`http://127.0.0.1:${address.port}/`));
  return await within("its body", response.text());
}

Deno.test("a connection that could not be accepted is logged, and the port takes the next one", async () => {
  const logged: unknown[] = [];
  const failure = new Error("accept EMFILE");
  const port = await openPort((request, response) => {
    const { server } = request.socket as ServedSocket;
    response.end(`${server?.emit("error", failure)}`);
  }, {
    hostname: "127.0.0.1",
    port: 0,
    most: 10,
    waits: () => false,
    log: { ...SILENT_LOG, error: (event, fields) => logged.push([event, fields]) },
  });
  try {
    // the first listener for errors is who waits for the port to be listened on
    for (let times = 0; times < 2; times++) assertEquals(await get(port), "true");
  } finally {
    await within("the end of the port", port.close());
  }
  const told = ["cannot accept", { listener: "http", error: "accept EMFILE" }];
  assertEquals(logged, [told, told]);
});
