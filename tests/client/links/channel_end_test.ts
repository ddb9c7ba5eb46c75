/** How a socket in use is written to, and how it ends. */
import { assertEquals } from "@std/assert";
import { Channel, type Receiver } from "../../../lib/client/links/channel.ts";
import { Incoming } from "../../../lib/client/sockets/incoming.ts";
import { HandedClock, settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";
import { HandedSocket } from "./handed_socket.ts";

/** A socket in use, and what came out of it. */
class Bench {
  readonly clock = new HandedClock();
  readonly received: string[] = [];
  readonly channel: Channel;

  constructor(readonly socket: HandedSocket = new HandedSocket(), receive?: Receiver) {
    this.channel = new Channel(socket, {
      clock: this.clock,
      incoming: new Incoming(socket, this.clock),
      receive: receive ?? ((chunk) => void this.received.push(new TextDecoder().decode(chunk))),
    });
  }

  async write(text: string): Promise<void> {
    await within(`a write of ${text}`, this.channel.write(new TextEncoder().encode(text)));
  }

  async end(): Promise<string> {
    return await within("the end", this.channel.ended);
  }
}

const HUNG_UP = "the broker closed the connection";

Deno.test("nothing is read before who made it has set up what it needs", async () => {
  const socket = new HandedSocket();
  let reads = 0;
  const read = socket.read.bind(socket);
  socket.read = () => {
    reads++;
    return read();
  };
  const bench = new Bench(socket);
  assertEquals([reads, bench.channel.over, bench.channel.silence], [0, false, 0]);
  await settled();
  assertEquals(reads, 1);
});

Deno.test("what is written leaves one behind the other", async () => {
  const socket = new HandedSocket();
  const begun: string[] = [];
  const writes: PromiseWithResolvers<void>[] = [];
  socket.write = (bytes) => {
    begun.push(new TextDecoder().decode(bytes));
    const write = Promise.withResolvers<void>();
    writes.push(write);
    return write.promise;
  };
  const bench = new Bench(socket);
  const written = [bench.write("one"), bench.write("two")];
  await settled();
  assertEquals(begun, ["one"]);
  writes[0]!.resolve();
  await written[0];
  await settled();
  assertEquals(begun, ["one", "two"]);
  writes[1]!.resolve();
  await written[1];
});

Deno.test("what the broker said before a write failed is still read for a moment, and that it failed is why it ended", async () => {
  const bench = new Bench();
  bench.socket.failure = new Deno.errors.BrokenPipe("gone");
  await bench.write("one");
  assertEquals([bench.clock.set, bench.socket.closed], [[200], false]);
  bench.socket.come("its words");
  await bench.clock.pass(199);
  assertEquals([bench.received, bench.socket.closed, bench.channel.over], [["its words"], false, false]);
  bench.socket.failure = undefined;
  await bench.write("two");
  await bench.socket.says("");
  await bench.clock.pass(1);
  assertEquals([await bench.end(), bench.socket.closed, bench.clock.set], ["connection reset", true, []]);
});

Deno.test("an end behind a write that failed is not waited for any longer", async () => {
  const bench = new Bench();
  bench.socket.failure = new Deno.errors.ConnectionReset("reset");
  await bench.write("one");
  bench.socket.come(null);
  assertEquals(await bench.end(), "connection reset");
  await settled();
  assertEquals([bench.clock.set, bench.channel.over], [[], true]);
});

Deno.test("who closes it says why, and nothing is written any more", async () => {
  const bench = new Bench();
  bench.channel.close("enough");
  bench.channel.close("more than that");
  await bench.write("late");
  await bench.socket.says("");
  assertEquals([await bench.end(), bench.socket.closed], ["enough", true]);
  await bench.write("later");
  await bench.socket.says("");

  const silent = new Bench();
  silent.channel.close();
  assertEquals(await silent.end(), HUNG_UP);
});

Deno.test("a write that fails behind the end is nobody's business", async () => {
  const socket = new HandedSocket();
  const write = Promise.withResolvers<void>();
  socket.write = () => write.promise;
  const bench = new Bench(socket);
  const writing = bench.write("one");
  socket.come(null);
  assertEquals(await bench.end(), HUNG_UP);
  write.reject(new Deno.errors.BrokenPipe("gone"));
  await writing;
  assertEquals(bench.clock.set, []);
});

Deno.test("what cannot be read is why it ends, and so is what reading fails with", async () => {
  const bench = new Bench(new HandedSocket(), () => {
    throw new RangeError("it makes no sense");
  });
  bench.socket.come("nonsense");
  assertEquals([await bench.end(), bench.socket.closed], ["it makes no sense", true]);

  const socket = new HandedSocket();
  socket.read = () => Promise.reject(new Deno.errors.ConnectionReset("reset"));
  const broken = new Bench(socket);
  assertEquals(await broken.end(), "connection reset");
  await broken.clock.pass(1000);
  assertEquals(broken.channel.silence, 0, "nothing is waited for any more");
});

Deno.test("all that was read is handed on before the end is told", async () => {
  const held = Promise.withResolvers<void>();
  const bench: Bench = new Bench(new HandedSocket(), (chunk) => {
    bench.received.push(new TextDecoder().decode(chunk));
    return bench.received.length === 1 ? held.promise : undefined;
  });
  bench.socket.come("one");
  bench.socket.come("two");
  bench.socket.come(null);
  await settled();
  assertEquals([bench.received, bench.channel.over], [["one"], false]);
  held.resolve();
  await bench.end();
  assertEquals(bench.received, ["one", "two"]);
});
