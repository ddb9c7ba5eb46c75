import { assertEquals } from "@std/assert";
import { FakeTime } from "../fake_time.ts";
import { StandInStream } from "../stand_in.ts";
import { Notices, type Verbosity } from "../../../lib/cli/client/notices.ts";

function told(verbosity: Verbosity, tell: (notices: Notices) => void): string[] {
  const lines: string[] = [];
  const notices = new Notices("subscriber", verbosity);
  notices.above = (text) => lines.push(text);
  tell(notices);
  return lines;
}

function outage(notices: Notices): void {
  notices.onEvent({ type: "connected", address: "h:1", localPort: 5, protocol: "2" });
  notices.onEvent({ type: "lost", reason: "closed" });
  for (let attempt = 1; attempt <= 8; attempt++) {
    notices.onEvent({
      type: "retrying",
      attempt,
      delay: attempt * 400,
      reason: attempt === 1 ? "closed" : "refused",
    });
  }
  notices.onEvent({ type: "restored", address: "h:1" });
}

Deno.test("a lost connection is told with what happens next, its tries until they repeat, and its return", () => {
  assertEquals(told("normal", outage), [
    "subscriber: connection lost (closed), trying again in 400 ms\n",
    "subscriber: still no connection (refused), trying again in 800 ms\n",
    "subscriber: still no connection (refused), trying again in 1.2 s\n",
    "subscriber: still no connection (refused), trying again in 1.6 s\n",
    "subscriber: still no connection (refused), trying again in 2.0 s, and so on until it is back\n",
    "subscriber: connection to h:1 restored\n",
  ]);
});

Deno.test("-q says nothing of it, -v every try", () => {
  assertEquals(told("quiet", outage), []);
  assertEquals(told("verbose", outage).length, 10);
});

Deno.test("while the first connection is tried for, only -v talks", () => {
  const starting = (notices: Notices): void =>
    notices.onEvent({ type: "retrying", attempt: 1, delay: 40, reason: "refused" });
  assertEquals(told("normal", starting), []);
  assertEquals(told("verbose", starting), ["subscriber: no connection (refused), trying again in 40 ms\n"]);
});

Deno.test("what failed is said even when quiet, and made visible", () => {
  assertEquals(told("quiet", (notices) => notices.failed("no\x1b[2J\nway")), [
    "subscriber: no\\x1b[2J\\nway\n",
  ]);
});

Deno.test("a gap is told with how much is missing of what", () => {
  const gaps = (notices: Notices): void => {
    notices.onEvent({ type: "gap", pattern: "#a.>", missed: 12 });
    notices.onEvent({ type: "gap", pattern: "#b", missed: 1 });
    notices.onEvent({ type: "gap", pattern: "#b", group: "g", missed: 3 });
  };
  assertEquals(told("normal", gaps), [
    "subscriber: 12 messages of #a.> were left out (slow consumer)\n",
    "subscriber: 1 message of #b was left out (slow consumer)\n",
    "subscriber: 3 messages of #b were deleted before group g had settled them (--retain)\n",
  ]);
  assertEquals(told("quiet", gaps), []);
});

Deno.test("a broker that chokes on hello is told with how to spare it", () => {
  assertEquals(told("normal", (notices) => notices.onEvent({ type: "fallback", reason: "it hung up" })), [
    "subscriber: it hung up: going on in the classic protocol (--protocol classic spares it the hello)\n",
  ]);
});

Deno.test("a broker that is silent, or found to speak more than it was taken for, has its sentence", () => {
  assertEquals(
    told("normal", (notices) => {
      notices.onEvent({ type: "silent", reason: "the broker has not answered hello for a second" });
      notices.onEvent({ type: "upgraded" });
    }),
    [
      "subscriber: the broker has not answered hello for a second: still waiting for its answer\n",
      "subscriber: the broker speaks protocol 2 after all, and messages have their ids and headers\n",
    ],
  );
});

Deno.test("a connection that takes a second is told where somebody watches, or with -v, and not with -q", async () => {
  const to = { host: "::1", port: 9000, connectTimeout: 90_000 };
  const said = await Promise.all(
    ([["normal", true], ["normal", false], ["verbose", false], ["quiet", true]] as const).map(
      async ([verbosity, watched]) => {
        const lines: string[] = [];
        const notices = new Notices("publisher", verbosity);
        notices.above = (text) => lines.push(text);
        using _connecting = notices.connecting(to, watched);
        await new Promise((resolve) => setTimeout(resolve, 1100));
        return lines;
      },
    ),
  );
  const line = "publisher: connecting to [::1]:9000, for up to 90s\n";
  assertEquals(said, [[line], [], [line], []]);
});

Deno.test("what becomes of a subscription is told with its pattern, and its group where it has one", () => {
  const pattern = "#a";
  const events = (notices: Notices): void => {
    notices.onEvent({ type: "live", pattern });
    notices.onEvent({ type: "end", pattern });
    notices.onEvent({ type: "trimmed", pattern, from: 7 });
    notices.onEvent({ type: "failed", pattern, reason: "the disk is gone" });
    notices.onEvent({ type: "failed", pattern, group: "g", reason: "the disk is gone" });
    notices.onEvent({ type: "ended", pattern, reason: "not for you" });
    notices.onEvent({ type: "ended", pattern, group: "g", reason: "not for you" });
    notices.onEvent({ type: "ahead", pattern, last: 7 });
  };
  const failed = [
    "subscriber: what is stored of #a cannot be read: the disk is gone\n",
    "subscriber: what is stored of #a in group g cannot be read: the disk is gone\n",
    "subscriber: the broker has ended the subscription to #a: not for you\n",
    "subscriber: the broker has ended the subscription to #a in group g: not for you\n",
  ];
  const trimmed = "subscriber: #a begins with message 7: those before it are no longer stored\n";
  assertEquals(told("quiet", events), failed);
  assertEquals(told("normal", events), [trimmed, ...failed]);
  assertEquals(told("verbose", events), [
    "subscriber: all that was stored of #a has come, now it is live\n",
    "subscriber: all that was asked for of #a has come\n",
    trimmed,
    ...failed,
  ]);
});

Deno.test("which protocol is spoken is told where that is not what was hoped for", () => {
  const events = (notices: Notices): void => {
    notices.onEvent({ type: "silent", reason: "it says nothing" });
    notices.onEvent({ type: "fallback", reason: "it says no" });
    notices.onEvent({ type: "upgraded" });
    notices.onEvent({ type: "connected", address: "h:1", localPort: 5, protocol: "2" });
  };
  assertEquals(told("normal", events), [
    "subscriber: it says nothing: still waiting for its answer\n",
    "subscriber: it says no: going on in the classic protocol (--protocol classic spares it the hello)\n",
    "subscriber: the broker speaks protocol 2 after all, and messages have their ids and headers\n",
  ]);
  assertEquals(told("verbose", events).at(-1), "subscriber: connected to h:1 from port 5, protocol 2\n");
});

Deno.test("a connection that takes a second is told to who waits for it, with why, and none that is there", () => {
  const said = (
    verbosity: Verbosity,
    watched: boolean,
    before: (notices: Notices) => void,
    ms = 1000,
  ): string[] => {
    using time = new FakeTime();
    return told(verbosity, (notices) => {
      using _told = notices.connecting({ host: "::1", port: 9, connectTimeout: 30_000 }, watched);
      before(notices);
      time.pass(ms);
    });
  };
  const refused = (notices: Notices): void =>
    notices.onEvent({ type: "retrying", attempt: 1, delay: 999, reason: "refused" });
  const nothing = (): void => {};
  const line = "subscriber: connecting to [::1]:9, for up to 30s\n";
  assertEquals(said("normal", true, nothing), [line]);
  assertEquals(said("normal", true, nothing, 999), []);
  assertEquals(said("normal", true, refused), [
    "subscriber: connecting to [::1]:9 (refused), for up to 30s\n",
  ]);
  assertEquals([said("normal", false, nothing), said("quiet", true, nothing)], [[], []]);
  assertEquals(said("verbose", false, nothing), [line]);
  const there = (notices: Notices): void =>
    notices.onEvent({ type: "connected", address: "h:1", localPort: 5, protocol: "2" });
  assertEquals(said("normal", true, there), []);
});

Deno.test("where no prompt is, what is said goes to stderr", () => {
  using stderr = new StandInStream("stderr");
  const notices = Notices.forOptions("publisher", { quiet: false, verbose: true });
  notices.failed("one");
  notices.notice("two");
  notices.detail("three");
  notices.passOn("four\n");
  assertEquals(stderr.take(), "publisher: one\npublisher: two\npublisher: three\nfour\n");
  Notices.forOptions("publisher", { quiet: true, verbose: true }).notice("five");
  Notices.forOptions("publisher", { quiet: false, verbose: false }).detail("six");
  const lines: string[] = [];
  notices.above = (text) => lines.push(text);
  notices.passOn("seven\n");
  assertEquals([stderr.text, lines], ["", ["seven\n"]]);
});

Deno.test("a try that comes soon is told in milliseconds, another in seconds", () => {
  const tries = [0.4, 0.5, 999, 999.4, 1000, 1049, 1050.1, 59_960];
  const shown = told("verbose", (notices) => {
    for (const delay of tries) notices.onEvent({ type: "retrying", attempt: 1, delay, reason: "x" });
  });
  const all = ["0 ms", "1 ms", "999 ms", "999 ms", "1.0 s", "1.0 s", "1.1 s", "60.0 s"];
  assertEquals(shown, all.map((delay) => `subscriber: no connection (x), trying again in ${delay}\n`));
});

Deno.test("a connection that is lost again is told again, also before its first try", () => {
  const twice = told("normal", (notices) => {
    outage(notices);
    outage(notices);
    // it is back before it was tried for
    notices.onEvent({ type: "lost", reason: "closed" });
    notices.onEvent({ type: "restored", address: "h:1" });
    notices.onEvent({ type: "retrying", attempt: 5, delay: 1, reason: "refused" });
  });
  assertEquals(twice.slice(6, 12), twice.slice(0, 6));
  assertEquals(twice.slice(12), [
    "subscriber: connection to h:1 restored\n",
    "subscriber: still no connection (refused), trying again in 1 ms, and so on until it is back\n",
  ]);
});

Deno.test("a connection to a name is told by that, and by nobody who has stopped waiting", () => {
  using time = new FakeTime();
  const lines = told("normal", (notices) => {
    const to = { host: "broker.example", port: 9, connectTimeout: 1000 };
    {
      using _over = notices.connecting(to, true);
      time.pass(999);
    }
    time.pass(5000);
    using _told = notices.connecting(to, true);
    time.pass(1000);
    time.pass(5000);
  });
  assertEquals(lines, ["subscriber: connecting to broker.example:9, for up to 1s\n"]);
  assertEquals(time.timers, []);
});

Deno.test("whether somebody watches is asked of stderr", () => {
  for (const terminal of [true, false]) {
    using time = new FakeTime();
    using stderr = new StandInStream("stderr", { terminal });
    using _told = new Notices("publisher", "normal").connecting({ host: "h", port: 9, connectTimeout: 1000 });
    time.pass(1000);
    assertEquals(stderr.text, terminal ? "publisher: connecting to h:9, for up to 1s\n" : "");
  }
});

Deno.test("what is said at the prompt is said to stderr again when it is gone", () => {
  using stderr = new StandInStream("stderr");
  const notices = new Notices("publisher", "normal");
  const lines: string[] = [];
  notices.above = (text) => lines.push(text);
  notices.failed("one");
  notices.above = undefined;
  notices.failed("two");
  notices.notice("three\x1b");
  assertEquals([lines, stderr.text], [
    ["publisher: one\n"],
    "publisher: two\npublisher: three\\x1b\n",
  ]);
});
