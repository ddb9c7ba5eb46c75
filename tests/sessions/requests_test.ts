/** What becomes of requests, one by one: who may make them, what may stand behind them, what is said of them. */
import { assertEquals } from "@std/assert";
import { CLASSIC, FRAMES } from "../../lib/protocols/mod.ts";
import type { Role } from "../../lib/sessions/context.ts";
import { Bench, type Peer } from "./session_bench.ts";

/** The code of each answer; `ok`: there is none. */
function codes(said: string): string[] {
  return said.split("\n").slice(0, -1).map((line) =>
    /^(?:err |ERR_)(\w+)/.exec(line)?.[1] ?? line.split(" ")[0]!
  );
}

function inRole(role: Role): Peer {
  return new Bench().connect({ roles: new Set([role]) });
}

Deno.test("a line that a browser may have sent is refused and the last that is read: what follows is a page's (C13)", () => {
  const refused: ReadonlyArray<readonly [line: string, last: boolean]> = [
    ["POST / HTTP/1.1", true],
    ["GET /x HTTP/2", true],
    ["Host: localhost:9000", true],
    ["host: localhost", true],
    ["HOST: x y z", true],
    ["POST / HTTP/1.1 and more", false],
    ["POST / http/1.1", false],
    ["POST / XHTTP/1.1", false],
    ["POST / HTTP/x", false],
    ["Hosts: x", false],
    ["p nonsense", false],
    ["p nonsense with fields", false],
  ];
  for (const [line, last] of refused) {
    const bench = new Bench();
    const peer = bench.connect({ protocol: CLASSIC });
    const said = codes(peer.ask(`${line}\np pub #a x\n`));
    assertEquals(said, last ? ["UNKNOWN_COMMAND"] : ["UNKNOWN_COMMAND", "OK"], line);
    assertEquals(peer.session.ended, last ? "protocol error" : undefined, line);
    assertEquals([bench.counters.totals.refused, bench.counters.totals.published], [1, last ? 0 : 1], line);
  }
});

Deno.test("each request is for who came in by the port that it is for", () => {
  const asked = "sub #a\nunsub #a\nack g #a 1\nack g #a 1 all\nnack g #a 1\nextend g #a 1\nping\n";
  assertEquals(codes(inRole("publisher").ask(asked)), [...Array(6).fill("WRONG_PORT"), "pong"]);
  assertEquals(codes(inRole("subscriber").ask(asked)), ["ok", ...Array(4).fill("NOT_HELD"), "pong"]);
  assertEquals(codes(inRole("subscriber").ask("pub #a 1\nx\nping\n")), ["WRONG_PORT", "pong"]);
  const classic = (role: Role): string[] => {
    const peer = new Bench().connect({ roles: new Set([role]), protocol: CLASSIC });
    return codes(peer.ask("p pub\np pub #a x\np sub #a\np unsub #a\np ack g #a 1\np ping\np quit\n"));
  };
  assertEquals(classic("publisher"), [
    "BAD_TOPIC",
    "OK",
    ...["WRONG_PORT", "WRONG_PORT", "UNKNOWN_COMMAND", "UNKNOWN_COMMAND"],
    "OK",
  ]);
  assertEquals(classic("subscriber"), [
    ...["WRONG_PORT", "WRONG_PORT"],
    ...["OK", "OK", "UNKNOWN_COMMAND", "UNKNOWN_COMMAND", "OK"],
  ]);
});

Deno.test("behind what takes nothing there may be nothing, and who quits in the classic protocol is let go (V4)", () => {
  const cases: ReadonlyArray<readonly [request: string, answer: string]> = [
    ["ping x", 'err BAD_FIELD ping takes nothing, and behind it is "x"'],
    ["ping x=1 y", 'err BAD_FIELD ping takes nothing, and behind it is "x=1"'],
    ["quit now", 'err BAD_FIELD quit takes nothing, and behind it is "now"'],
    ["ping", "pong"],
    ["quit", "bye QUIT goodbye"],
  ];
  const peer = new Bench().connect();
  for (const [request, answer] of cases) assertEquals(peer.ask(`${request}\n`), `${answer}\n`, request);
  assertEquals(peer.session.ended, "quit");
  const classic = new Bench().connect({ protocol: CLASSIC });
  assertEquals([classic.ask("p quit now and for ever\n"), classic.session.ended], ["OK\n", "quit"]);
});

Deno.test("only fields that a request has may stand behind it, and in the classic protocol none (V4)", () => {
  const known = "its fields: slow=, from=, to=, group=";
  const peer = new Bench().connect();
  const refused = (request: string, text: string): void =>
    assertEquals(peer.ask(`${request}\n`), `err BAD_FIELD ${text}\n`, request);
  refused("sub #a x=1", `sub does not know "x=1"; ${known}`);
  refused("sub #a slow=latest slo=1", `sub does not know "slo=1"; ${known}`);
  refused("sub #a slow", `sub does not know "slow"; ${known}`);
  refused("sub #a =", `sub does not know "="; ${known}`);
  refused("unsub #a slow=latest", 'unsub does not know "slow=latest"; its fields: group=');
  assertEquals(peer.ask("sub #a slow=latest slow=drop-old\n"), "ok 1\n");
  assertEquals(
    peer.session.snapshot().subscriptions,
    [{ pattern: "#a", slow: "drop-old" }],
    "the last holds",
  );
  const classic = new Bench().connect({ protocol: CLASSIC });
  assertEquals(codes(classic.ask("s sub #a slow=latest\ns sub #a\ns unsub #a group=g\n")), [
    ...["BAD_PATTERN", "OK", "BAD_PATTERN"],
  ]);
});

Deno.test("what may be named of a group is a number of fifteen digits at most, or some that count up (G8)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  peer.send("sub #d.> group=g ack=explicit\n");
  const [place] = bench.engine.memberships;
  place!.joining.joined({ kind: "joined" });
  assertEquals(peer.taken(), "ok 1\n");
  const most = "999999999999999";
  for (
    const [numbers, code] of [
      ["1", "NOT_HELD"],
      [most, "NOT_HELD"],
      ["7-7", "NOT_HELD"],
      [`1-${most}`, "NOT_HELD"],
      ["1000000000000000", "BAD_FIELD"],
      ["1-1000000000000000", "BAD_FIELD"],
      ["9".repeat(400), "BAD_FIELD"],
      ["8-7", "BAD_FIELD"],
      ["0", "BAD_FIELD"],
      ["0-1", "BAD_FIELD"],
      ["01", "BAD_FIELD"],
      ["1-", "BAD_FIELD"],
      ["-1", "BAD_FIELD"],
      ["1-2-3", "BAD_FIELD"],
      ["", "BAD_FIELD"],
    ] as const
  ) {
    for (
      const request of [`nack g #d.a ${numbers}`, `extend g #d.a ${numbers}`, `ack g #d.a ${numbers} upto`]
    ) {
      // all up to a number is more than is asked for here
      if (request.startsWith("ack") && code === "NOT_HELD") continue;
      assertEquals(codes(peer.ask(`${request}\n`)), [code], request);
    }
  }
  assertEquals(place!.said, []);
});

Deno.test("what is settled by one request is what it names: some, all up to one, or all of them or none (G8)", () => {
  const bench = new Bench();
  const peer = bench.connect();
  peer.send("sub #d.> group=g ack=explicit\n");
  const [place] = bench.engine.memberships;
  place!.joining.joined({ kind: "joined" });
  const payloads = Array.from({ length: 20 }, (_, at) => `${at % 10}`);
  bench.engine.give(place!, "#d.a", { payloads, first: 1 });
  peer.taken();
  const settled = (requests: string): string[] => {
    place!.said.length = 0;
    peer.send(requests);
    return place!.said;
  };
  assertEquals(settled("ack g #d.a 3\n"), ["settle #d.a 3-3"]);
  assertEquals(settled("ack g #d.a 4-5\n"), ["settle #d.a 4-5"]);
  assertEquals(settled("ack g #d.a 2 upto\n"), ["settle #d.a 1-2"]);
  assertEquals(settled("ack g #d.a 5-6 all\n"), []);
  assertEquals(settled("ack g #d.a 6-7 all\n"), ["settle #d.a 6-7"]);
  assertEquals(settled("ack g #d.a 8\nack g #d.a 9\nack g #d.a 10\n"), ["settle #d.a 8-10"]);
  // one of those that come together is not held: each is settled by itself
  assertEquals(settled("ack g #d.a 10\nack g #d.a 11\nack g #d.a 12\n"), [
    "settle #d.a 11-11",
    "settle #d.a 12-12",
  ]);
  assertEquals(settled("ack g d.a 13 all\n"), ["settle #d.a 13-13"]);
  assertEquals(settled("ack g #d.a 13 all\n"), []);
  assertEquals(settled("nack g #d.a 14-15 delay=2\n"), ["give back #d.a 14-15 2000"]);
  assertEquals(settled("nack g #d.a 16 unused delay=0\n"), ["give back #d.a 16-16 0 unused"]);
  assertEquals(settled("nack g #d.a 17 delay=86400\n"), ["give back #d.a 17-17 86400000"]);
  assertEquals(settled("extend g #d.a 1-18\n"), ["extend #d.a 1-18"]);
  assertEquals([...place!.held], ["#d.a 18", "#d.a 19", "#d.a 20"]);
});

Deno.test("a topic is named as it may be, whoever asks, and what is said of it is what is wrong", () => {
  const peer = new Bench().connect();
  assertEquals(
    codes(peer.ask("pub #a 1\nx\npub a 1\nx\npub a.b 1\nx\n")).every((each) => each === "ok"),
    true,
  );
  for (const topic of ["#", "#a*", "#a..b", "#*", "#>"]) {
    assertEquals(codes(peer.ask(`pub ${topic} 1\nx\n`)), ["BAD_TOPIC"], topic);
  }
  const long = `#${"x".repeat(254)}`;
  assertEquals(codes(peer.ask(`pub ${long} 1\nx\npub ${long}x 1\nx\n`)), ["ok", "BAD_TOPIC"]);
  assertEquals(codes(peer.ask(`sub ${long}\nsub ${long}x\nunsub ${long}\nunsub ${long}x\n`)), [
    ...["ok", "BAD_PATTERN", "ok", "BAD_PATTERN"],
  ]);
  assertEquals(peer.session.protocol, FRAMES);
});
