/** One end of a connection to a broker in the same process; the other is the test's. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SUBSCRIBERS, UNLIMITED } from "../../../../lib/broker/mod.ts";
import { Peer } from "../../../../lib/cli/broker/groups/peer.ts";
import { RunError } from "../../../../lib/errors.ts";
import { FrameFound } from "../../../../lib/protocols/frames/client_decoder.ts";
import type { RawClient } from "../../../support/raw_client.ts";
import { within } from "../../../support/within.ts";
import { ScriptedBroker } from "./scripted_broker.ts";

/** A connection that is let in, and the broker's end of it. */
async function opened(
  broker = new ScriptedBroker(),
  behind = "",
): Promise<{ readonly peer: Peer; readonly end: RawClient }> {
  const opening = Peer.open(broker, SUBSCRIBERS);
  const end = await broker.next();
  assertEquals(await end.line(), "redrive hello 2");
  await end.send(`OK_2\n${behind}`);
  return { peer: await within("that it is let in", opening), end };
}

Deno.test("it comes in by its listener, as one who may do everything", async () => {
  const broker = new ScriptedBroker();
  const { peer } = await opened(broker);
  assertEquals(broker.origins, [{ listener: SUBSCRIBERS, grant: UNLIMITED }]);
  await peer.close();
});

Deno.test("the answer to hello is read however it is cut, and what stands behind it is found", async () => {
  const broker = new ScriptedBroker();
  const opening = Peer.open(broker, SUBSCRIBERS);
  const end = await broker.next();
  await end.line();
  for (const piece of ["O", "K_", "2", "\nok 3\nok"]) {
    await end.send(piece);
    // so that it is read by itself
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const peer = await within("that it is let in", opening);
  assertEquals([peer.found(), peer.frame.line.verb, peer.found()], [
    FrameFound.Line,
    "ok",
    FrameFound.Nothing,
  ]);
  await end.send(" 4\n");
  await within("more", peer.more());
  assertEquals([peer.found(), peer.frame.line], [FrameFound.Line, { verb: "ok", count: 4, receipt: {} }]);
  await peer.close();
});

Deno.test("a broker that lets nobody in says why, in the words of its answer's beginning", async () => {
  const broker = new ScriptedBroker();
  const opening = Peer.open(broker, SUBSCRIBERS);
  const end = await broker.next();
  await end.line();
  await end.send("BYE\n\nERROR\n");
  const error = await within("the refusal", assertRejects(() => opening, RunError));
  assertEquals(error.message, "the broker does not let anybody in now: BYE");
});

Deno.test("what is no protocol is told with what is wrong about it", async () => {
  const { peer, end } = await opened();
  await end.send("nonsense is no frame\n");
  await within("more", peer.more());
  const { message } = assertThrows(() => peer.found(), RunError);
  assertEquals(message.startsWith("the broker broke protocol 2: "), true, message);
  assertEquals(message.length > "the broker broke protocol 2: ".length, true);
  await peer.close();
});

Deno.test("what does not fit between the two at once is sent all the same, whole and in its order", async () => {
  const { peer, end } = await opened();
  const pieces = ["first\n", new TextEncoder().encode("x".repeat(200_000)), "\nlast\n"];
  const sending = peer.send(pieces);
  assertEquals([await end.line(), (await end.line())?.length, await end.line()], ["first", 200_000, "last"]);
  await within("the end of what is sent", sending);
  await peer.close();
});

Deno.test("a broker that ends is told as that, to who reads and to who writes", async () => {
  const { peer, end } = await opened();
  end.close();
  await assertRejects(() => within("the end", peer.more()), RunError, "the broker ends");
  await assertRejects(() => within("the end", peer.send(["x"])), RunError, "the broker ends");
  const broker = new ScriptedBroker();
  const opening = Peer.open(broker, SUBSCRIBERS);
  (await broker.next()).close();
  await assertRejects(() => within("the end", opening), RunError, "the broker ends");
});

Deno.test("it is closed when the broker has done with it, and says nothing more then", async () => {
  const broker = new ScriptedBroker();
  const { promise, resolve } = Promise.withResolvers<void>();
  broker.served = () => promise;
  const { peer, end } = await opened(broker);
  let closed = false;
  const closing = peer.close().then(() => closed = true);
  assertEquals(await end.rest(), "", "its end is seen at once");
  assertEquals(closed, false);
  resolve();
  await within("that it is closed", closing);
});
