import { Socket } from "node:net";
import { assertRejects, assertThrows } from "@std/assert";
import { NatsConnectionLink } from "../../lib/nats/link.ts";
import { keepListening } from "../../lib/nats/transport.ts";

const INFO = `INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576}\r\n`;
const encoder = new TextEncoder();

Deno.test("a server that resets connections, in the middle of anything, is an attempt that failed and no more", async () => {
  // what it closes unread is answered with a reset
  let steps = 0;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serving = (async () => {
    for await (const connection of listener) {
      const step = steps++ % 5;
      void (async () => {
        try {
          if (step > 0) await connection.write(encoder.encode(step === 1 ? INFO.slice(0, 20) : INFO));
          await new Promise((resolve) => setTimeout(resolve, step === 4 ? 0 : 10));
          // with the reset right behind it
          if (step === 3) await connection.write(encoder.encode("-ERR 'Authorization Violation'\r\n"));
        } finally {
          connection.close();
        }
      })();
    }
  })();
  const { port } = listener.addr as Deno.NetAddr;
  const options = { servers: [`127.0.0.1:${port}`], name: "x", credentials: {}, echo: false, timeout: 200 };
  for (let attempt = 0; attempt < 10; attempt++) {
    await assertRejects(() => NatsConnectionLink.open(options), Error);
  }
  // what comes late comes by then
  await new Promise((resolve) => setTimeout(resolve, 50));
  listener.close();
  await serving;
});

Deno.test("an error of a socket whose listeners were taken off ends nothing", () => {
  const error = new Error("reset");
  assertThrows(() => new Socket().emit("error", error), Error, "reset");
  const socket = keepListening(new Socket());
  socket.emit("error", error);
  socket.on("error", () => {});
  socket.removeAllListeners();
  socket.emit("error", error);
  socket.removeAllListeners("error");
  socket.emit("error", error);
});
