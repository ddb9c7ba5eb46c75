/** The connection for answers, at the moments at which somebody closes it. */
import { assertEquals, assertRejects } from "@std/assert";
import { ReplyInbox } from "../../../lib/client/requesting/reply_inbox.ts";
import type { Subscriber } from "../../../lib/client/types.ts";
import { RunError } from "../../../lib/errors.ts";
import { settled } from "../../support/handed_clock.ts";
import { within } from "../../support/within.ts";

/** An inbox whose connection comes when the test says so, and what is done with that. */
class Bench {
  readonly log: string[] = [];
  readonly connecting = Promise.withResolvers<Subscriber>();
  readonly closing = Promise.withResolvers<void>();
  readonly inbox = new ReplyInbox({
    connect: ({ signal }) => {
      signal.addEventListener("abort", () => this.log.push(`aborted: ${signal.reason.code}`));
      return this.connecting.promise;
    },
    random32: () => 0,
    onAnswer: () => {},
    onLost: () => {},
  });

  /** It is connected. */
  connect(): void {
    const subscriber = {
      subscribe: (pattern: string) => {
        this.log.push(`subscribe to ${pattern}`);
        return Promise.resolve();
      },
      close: () => {
        this.log.push("close");
        return this.closing.promise;
      },
      async *[Symbol.asyncIterator](): AsyncGenerator<never> {},
    };
    this.connecting.resolve(subscriber as unknown as Subscriber);
  }
}

Deno.test("a connection that comes as it is closed is closed, too, and waited for", async () => {
  const bench = new Bench();
  const ready = assertRejects(() => within("its end", Promise.resolve(bench.inbox.ready())), RunError);
  bench.connect();
  let over = false;
  const closing = bench.inbox.close().then(() => over = true);
  await settled();
  assertEquals(bench.log, ["aborted: CLOSED", `subscribe to #_reply.${"0".repeat(28)}.*`, "close"]);
  assertEquals(over, false);
  bench.closing.resolve();
  await within("the end", closing);
  assertEquals((await ready).message, "the publisher is closed");
});

Deno.test("a connection that does not come is given up, and one that nobody asked for is none", async () => {
  const bench = new Bench();
  const ready = assertRejects(() => within("its end", Promise.resolve(bench.inbox.ready())), RunError);
  const closing = bench.inbox.close();
  bench.connecting.reject(new RunError("given up"));
  await within("the end", closing);
  assertEquals([(await ready).message, bench.log], ["given up", ["aborted: CLOSED"]]);

  const idle = new Bench();
  await within("the end", idle.inbox.close());
  assertEquals(idle.log, []);
});

Deno.test("one whose connection is lost for good says so once, and is connected anew when it is needed again", async () => {
  const told: string[] = [];
  const connections: { readonly lose: (error: Error) => void; closes: number }[] = [];
  const inbox = new ReplyInbox({
    connect: ({ onEvent }) => {
      const { promise, reject } = Promise.withResolvers<never>();
      const lose = (error: Error): void => {
        onEvent({ type: "lost", reason: "for a while" });
        reject(error);
      };
      const connection = { lose, closes: 0 };
      connections.push(connection);
      const subscriber = {
        subscribe: () => Promise.resolve(),
        close: () => Promise.resolve(void connection.closes++),
        async *[Symbol.asyncIterator](): AsyncGenerator<never> {
          yield await promise;
        },
      };
      return Promise.resolve(subscriber as unknown as Subscriber);
    },
    random32: () => 0,
    onAnswer: () => {},
    onLost: ({ message }) => told.push(message),
  });
  await within("a connection", Promise.resolve(inbox.ready()));
  assertEquals(inbox.ready(), undefined);
  connections[0]!.lose(new RunError("the broker is gone"));
  await settled();
  assertEquals(told, ["the broker is gone"]);
  await within("another connection", Promise.resolve(inbox.ready()));
  assertEquals([inbox.ready(), connections.length], [undefined, 2]);
  await inbox.close();
  assertEquals(connections.map(({ closes }) => closes), [0, 1]);
});
