import { assertEquals } from "@std/assert";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { Channel } from "../../../lib/client/links/channel.ts";
import type { Incoming } from "../../../lib/client/sockets/incoming.ts";
import type { Socket } from "../../../lib/client/sockets/socket.ts";

Deno.test("silence is what passes while a read waits, and there is none while what came is held, or at the end", async () => {
  let now = 1000;
  const reads: PromiseWithResolvers<Uint8Array | null>[] = [];
  const incoming = {
    read: () => {
      const read = Promise.withResolvers<Uint8Array | null>();
      reads.push(read);
      return read.promise;
    },
  } as unknown as Incoming;
  const held = Promise.withResolvers<void>();
  const channel = new Channel({ close: () => {} } as Socket, {
    clock: { ...SYSTEM_CLOCK, now: () => now },
    incoming,
    receive: () => held.promise,
  });
  const silence = async (ms: number): Promise<number> => {
    for (let turns = 0; turns < 10; turns++) await Promise.resolve();
    now += ms;
    return channel.silence;
  };
  assertEquals(channel.silence, 0);
  assertEquals(await silence(70), 70);
  reads[0]!.resolve(new Uint8Array(1));
  assertEquals(await silence(50), 0);
  held.resolve();
  assertEquals(await silence(30), 30);
  reads[1]!.resolve(null);
  assertEquals([await channel.ended, channel.silence], ["the broker closed the connection", 0]);
});
