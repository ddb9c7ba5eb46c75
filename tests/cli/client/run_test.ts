import { assertEquals, assertRejects } from "@std/assert";
import { type Closable, connected, finish, unlessStopped } from "../../../lib/cli/client/run.ts";
import type { Connection } from "../../../lib/cli/client/options.ts";
import { Notices } from "../../../lib/cli/client/notices.ts";
import { RunError } from "../../../lib/errors.ts";
import { within } from "../../support/within.ts";
import { FakeTime } from "../fake_time.ts";
import { standIn, StandInStream } from "../stand_in.ts";

const TO = { host: "h", port: 9000, connectTimeout: 1000 } as Connection;

/** A connection whose goodbye takes as long as the test says. */
class Client implements Closable {
  readonly closes: (number | undefined)[] = [];
  readonly lost = Promise.withResolvers<void>();
  readonly closed = this.lost.promise;
  readonly goodbye = Promise.withResolvers<void>();
  pending = 0;

  close({ timeout }: { readonly timeout?: number } = {}): Promise<void> {
    this.closes.push(timeout);
    return this.goodbye.promise;
  }
}

function bench(): {
  readonly client: Client;
  readonly told: string[];
  readonly notices: Notices;
  readonly last: Array<() => void>;
  readonly stop: { readonly signal: AbortSignal; interrupt(): void; lastWord(say: () => void): void };
  readonly abort: () => void;
} {
  const told: string[] = [];
  const notices = new Notices("publisher", "normal");
  notices.above = (text) => told.push(text.replace(/^publisher: |\n$/g, ""));
  const stopping = new AbortController();
  const last: Array<() => void> = [];
  const stop = {
    signal: stopping.signal,
    interrupt: () => {},
    lastWord: (say: () => void) => void last.push(say),
  };
  return { client: new Client(), told, notices, last, stop, abort: () => stopping.abort() };
}

const never = new Promise<never>(() => {});

Deno.test("who is stopped before it is connected is told what came of it, and stopping is no failure", async () => {
  const { told, notices, stop, abort } = bench();
  const of = { to: TO, notices, stop, came: "nothing was published" };
  assertEquals(await connected(Promise.resolve(7), of), 7);
  assertEquals(told, []);
  const waiting = connected(never, of);
  abort();
  assertEquals(await waiting, undefined);
  assertEquals(await connected(Promise.reject(new Error("aborted")), of), undefined);
  assertEquals(told, Array(2).fill("stopped before it was connected: nothing was published"));
});

Deno.test("what a beginner meets first is told with what to do about it, all else as it is", async () => {
  const { notices, stop } = bench();
  const said = async (error: Error, to: Partial<Connection> = {}): Promise<string> => {
    const of = { to: { ...TO, ...to }, notices, stop, came: "" };
    return (await assertRejects(() => connected(Promise.reject(error), of), Error)).message;
  };
  const denied = new RunError("no account", "DENIED");
  const token = "no account: give --user NAME, and its token in HASHBUS_TOKEN or --token-file";
  assertEquals(await said(denied), token);
  assertEquals(await said(denied, { credentials: { user: "a", token: "t" } }), "no account");
  const start = 'start one with "deno run -A broker.ts", or name another host or port (-h, -p)';
  assertEquals(await said(new RunError("nobody listens", "NO_BROKER")), `nobody listens: ${start}`);
  assertEquals(await said(new RunError("late", "TIMEOUT")), "late");
  assertEquals(await said(new TypeError("a bug")), "a bug");
});

Deno.test("when the work is done it says goodbye, for as long as that may take, and gives the work's code", async () => {
  for (const closeTimeout of [undefined, 70]) {
    const { client, told, notices, stop } = bench();
    const ending = { client, stop, notices, drainTimeout: 50, closeTimeout, codeWhenStopped: () => 9 };
    let over = false;
    const code = finish((stop) => {
      stop.signal.addEventListener("abort", () => over = true);
      return Promise.resolve(3);
    }, ending);
    client.goodbye.resolve();
    assertEquals([await code, client.closes, over, told], [3, [closeTimeout], true, []]);
  }
});

Deno.test("work that fails is what is told, whatever becomes of the goodbye, which has its time", async () => {
  const { client, notices, stop } = bench();
  const ending = { client, stop, notices, drainTimeout: 50, codeWhenStopped: () => 9 };
  const failing = finish(() => Promise.reject(new RunError("first")), ending);
  client.goodbye.reject(new RunError("second"));
  await assertRejects(() => failing, RunError, "first");
  assertEquals(client.closes, [50]);
});

Deno.test("a broker that is lost for good ends the work with why; one that says goodbye, with 0", async () => {
  const lost = bench();
  const { client, notices, stop } = lost;
  const ending = { client, stop, notices, drainTimeout: 50, codeWhenStopped: () => 9 };
  client.goodbye.resolve();
  const failing = finish(() => never, ending);
  client.lost.reject(new RunError("lost for good"));
  await assertRejects(() => failing, RunError, "lost for good");
  const gone = bench();
  gone.client.goodbye.resolve();
  const code = finish(() => never, { ...ending, client: gone.client, stop: gone.stop });
  gone.client.lost.resolve();
  assertEquals(await code, 0);
});

Deno.test("a goodbye that fails behind good work is the failure", async () => {
  const { client, notices, stop } = bench();
  client.goodbye.reject(new RunError("1 message not acknowledged"));
  const ending = { client, stop, notices, drainTimeout: 50, codeWhenStopped: () => 9 };
  await assertRejects(() => finish(() => Promise.resolve(0), ending), RunError, "1 message not");
});

Deno.test("a stop ends the work, gives what is not acknowledged its time, and says so where that is long", async () => {
  const { client, told, notices, last, stop, abort } = bench();
  client.pending = 2;
  const ending = { client, stop, notices, drainTimeout: 5000, codeWhenStopped: () => 9 };
  let handed: AbortSignal | undefined;
  const code = finish((stop) => {
    handed = stop.signal;
    return never;
  }, ending);
  assertEquals(handed?.aborted, false);
  abort();
  while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals([told, handed?.aborted, client.closes], [
    ["waiting up to 5s for 2 messages to be acknowledged (Ctrl-C again ends at once)"],
    true,
    [5000],
  ]);
  last[0]!();
  assertEquals(told.at(-1), "2 messages not acknowledged", "a second signal has the last word");
  for (const none of [0, undefined]) {
    Object.assign(client, { pending: none });
    last[0]!();
  }
  assertEquals(told.length, 2, "a subscriber has none");
  client.goodbye.resolve();
  assertEquals(await within("the end", code), 9);
});

Deno.test("a stop during the goodbye shortens it", async () => {
  const { client, notices, stop, abort } = bench();
  const ending = { client, stop, notices, drainTimeout: 50, codeWhenStopped: () => 9 };
  const code = finish(() => Promise.resolve(3), ending);
  while (client.closes.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  abort();
  while (client.closes.length === 1) await new Promise((resolve) => setTimeout(resolve, 0));
  client.goodbye.resolve();
  assertEquals([await code, client.closes], [3, [undefined, 50]]);
});

Deno.test("what fails because of the stop is none, and what fails without is", async () => {
  const { stop, abort } = bench();
  await assertRejects(() => unlessStopped(Promise.reject(new Error("it")), stop), Error, "it");
  assertEquals(await unlessStopped(Promise.resolve(1), stop), 1);
  abort();
  assertEquals(await unlessStopped(Promise.reject(new Error("it")), stop), undefined);
  assertEquals(await unlessStopped(never, stop), undefined);
});

Deno.test("a token that others may read is told before it is connected, and so is that it takes long", async () => {
  const { told, notices, stop } = bench();
  const of = { to: { ...TO, tokenExposure: "the token is exposed" }, notices, stop, came: "" };
  const { promise: connecting, resolve } = Promise.withResolvers<number>();
  {
    using time = new FakeTime();
    const waiting = connected(connecting, of);
    assertEquals(told, ["the token is exposed"]);
    using stderr = new StandInStream("stderr", { terminal: true });
    time.pass(1000);
    assertEquals([stderr.text, told.slice(1)], ["", []], "nobody looked when it began");
    resolve(1);
    assertEquals([await waiting, time.timers], [1, []]);
  }
  const watched = bench();
  using time = new FakeTime();
  using _stderr = new StandInStream("stderr", { terminal: true });
  const waiting = connected(never, { ...of, to: TO, notices: watched.notices, stop: watched.stop, came: "" });
  time.pass(1000);
  watched.abort();
  assertEquals(await waiting, undefined);
  assertEquals(watched.told[0], "connecting to h:9000, for up to 1s");
});

Deno.test("the start of a broker is said in the words of the program that runs", async () => {
  const { notices, stop } = bench();
  const of = { to: TO, notices, stop, came: "" };
  const refused = new RunError("nobody listens", "NO_BROKER");
  using _built = standIn(Deno, "build", { ...Deno.build, standalone: true });
  const { message } = await assertRejects(() => connected(Promise.reject(refused), of), RunError);
  assertEquals(message, 'nobody listens: start one with "broker", or name another host or port (-h, -p)');
});

/** Lets all go on that is ready to. */
async function turn(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await Promise.resolve();
}

Deno.test("what a stop waits for is told after 300 ms, and not where nothing is left by then", async () => {
  using time = new FakeTime();
  const late = async (pending: readonly [before: number | undefined, then: number | undefined]): Promise<
    string[]
  > => {
    const { client, told, notices, stop, abort } = bench();
    Object.assign(client, { pending: pending[0] });
    const ending = { client, stop, notices, drainTimeout: 1500, codeWhenStopped: () => 9 };
    const code = finish(() => never, ending);
    abort();
    await turn();
    time.pass(299);
    assertEquals(told, []);
    Object.assign(client, { pending: pending[1] });
    time.pass(1);
    time.pass(5000);
    client.goodbye.resolve();
    assertEquals(await code, 9);
    return told;
  };
  const waiting = (what: string): string[] => [
    `waiting up to 1500ms for ${what} to be acknowledged (Ctrl-C again ends at once)`,
  ];
  assertEquals(await late([2, 1]), waiting("1 message"));
  assertEquals(await late([0, 1000]), waiting("1,000 messages"));
  assertEquals([await late([2, 0]), await late([1, undefined])], [[], []]);
  assertEquals(time.timers, []);
});

Deno.test("a goodbye that is said in time ends it, and is waited for", async () => {
  const { client, notices, stop } = bench();
  const ending = { client, stop, notices, drainTimeout: 50, codeWhenStopped: () => 9 };
  let over = false;
  const code = finish(() => Promise.resolve(3), ending).then((code) => (over = true, code));
  await turn();
  assertEquals([over, client.closes], [false, [undefined]]);
  client.goodbye.resolve();
  assertEquals([await code, client.closes], [3, [undefined]]);
});

Deno.test("work that fails is told when the goodbye is said, which is asked for first", async () => {
  const { client, notices, stop } = bench();
  const ending = { client, stop, notices, drainTimeout: 50, codeWhenStopped: () => 9 };
  let handed: AbortSignal | undefined;
  let over = false;
  const failing = finish((stop) => {
    handed = stop.signal;
    return Promise.reject(new RunError("it failed"));
  }, ending);
  failing.catch(() => over = true);
  await turn();
  assertEquals([over, handed?.aborted, client.closes], [false, true, [50]]);
  client.goodbye.resolve();
  await assertRejects(() => failing, RunError, "it failed");
});

Deno.test("one message that is not acknowledged is the last word, too", () => {
  const { client, told, notices, stop, last } = bench();
  void finish(() => never, { client, stop, notices, drainTimeout: 50, codeWhenStopped: () => 9 });
  client.pending = 1;
  last[0]!();
  assertEquals(told, ["1 message not acknowledged"]);
});
