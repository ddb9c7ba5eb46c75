import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import fc from "fast-check";
import { parseCommandFile } from "../../../lib/cli/commands/command_file.ts";
import { fieldsOf, type ParsedLine, parseLine, type Role } from "../../../lib/cli/commands/grammar.ts";
import { UsageError } from "../../../lib/errors.ts";

const encoder = new TextEncoder();

function pub(wait: number, topic: string, message: string): ParsedLine {
  return { kind: "command", command: { wait, action: { verb: "pub", topic, message } } };
}

function problem(line: string, role: Role = "publisher"): string {
  const parsed = parseLine(line, role);
  return parsed.kind === "problem" ? parsed.problem : parsed.kind;
}

Deno.test("a line is seconds, a command, a topic and the rest verbatim", () => {
  const line = "3 pub #hello This is the first message";
  assertEquals(parseLine(line, "publisher"), pub(3000, "#hello", "This is the first message"));
  assertEquals(parseLine("pub hello", "publisher"), pub(0, "#hello", ""));
  assertEquals(parseLine("0.25 pub #a x", "publisher"), pub(250, "#a", "x"));
  assertEquals(
    parseLine(" \t1.  pub \t #a  two  # spaces ", "publisher"),
    pub(1000, "#a", " two  # spaces "),
  );
  assertEquals(parseLine("pub #a 3 pub #b x", "publisher"), pub(0, "#a", "3 pub #b x"));
});

Deno.test("a subscriber's lines take topics and patterns", () => {
  assertEquals(parseLine("2 sub #orders.*.new", "subscriber"), {
    kind: "command",
    command: { wait: 2000, action: { verb: "sub", pattern: "#orders.*.new" } },
  });
  assertEquals(parseLine("unsub >  ", "subscriber"), {
    kind: "command",
    command: { wait: 0, action: { verb: "unsub", pattern: "#>" } },
  });
  assertEquals(parseLine("1.5 quit", "subscriber"), {
    kind: "command",
    command: { wait: 1500, action: { verb: "quit" } },
  });
});

Deno.test("a sub may say where it begins and ends, and what happens when it cannot keep up", () => {
  const sub = (line: string): unknown => {
    const parsed = parseLine(line, "subscriber");
    return parsed.kind === "command" ? parsed.command.action : parsed;
  };
  assertEquals(sub("sub a from=earliest"), { verb: "sub", pattern: "#a", from: "earliest" });
  assertEquals(sub("sub a.>  to=20   from=7 slow=drop-old "), {
    verb: "sub",
    pattern: "#a.>",
    from: 7,
    to: 20,
    slow: "drop-old",
  });
  assertEquals(sub("sub a from=2026-01-31T09:00:00Z"), {
    verb: "sub",
    pattern: "#a",
    from: new Date(Date.UTC(2026, 0, 31, 9)),
  });
});

Deno.test("a sub and an unsub may name a group, and a sub how much waits for this member", () => {
  const action = (line: string): unknown => {
    const parsed = parseLine(line, "subscriber");
    return parsed.kind === "command" ? parsed.command.action : parsed;
  };
  const jobs = { pattern: "#jobs.>", group: "wörkers" };
  assertEquals(action("sub jobs.> group=wörkers"), { verb: "sub", ...jobs });
  assertEquals(action("sub jobs.> window=10 group=wörkers"), { verb: "sub", ...jobs, window: 10 });
  assertEquals(action("sub jobs.> group=wörkers from=now"), { verb: "sub", ...jobs, from: "now" });
  assertEquals(action("sub jobs.> group=wörkers ack=explicit from=7 by=key"), {
    verb: "sub",
    ...jobs,
    ack: "explicit",
    by: "key",
    from: 7,
  });
  assertEquals(action("unsub jobs.>  group=wörkers "), { verb: "unsub", ...jobs });
});

Deno.test("a field of a sub that cannot be had says why", () => {
  const cases: [string, string][] = [
    ["from=soon", "from= takes now, earliest, latest, a sequence number"],
    ["to=latest", "to= takes a sequence number"],
    ["slow=never", 'slow= takes one of block, disconnect, drop-new, drop-old, latest, not "never"'],
    ["from=1 from=2", "from= is given twice"],
    ["from=now to=3", "leave from=now out"],
    ["group=g ack=exec", 'ack= takes one of auto, explicit, not "exec"'],
    ["form=1", 'sub has no "form=", it takes from=, to=, slow=, group=, window=, ack= and by='],
    ["group=g by=name", 'by= takes one of key, not "name"'],
    ["group=", "group=: the name of a group is missing"],
    ["group=a.b", 'group=: the name of a group has no "#", ".", "*" or ">", "a.b" has'],
    [`group=${"x".repeat(65)}`, "group=: the name of a group has at most 64 bytes"],
    ["group=g window=0", 'window= takes a whole number from 1 to 65536, not "0"'],
    ["group=g window=65537", 'window= takes a whole number from 1 to 65536, not "65537"'],
    ["group=g group=h", "group= is given twice"],
    ["group=g from=latest", "from= with group=: a group that is new begins now, earliest, at a number"],
    ["group=g from=-10", "from= with group=: a group that is new begins now, earliest, at a number"],
    ["group=g from=1 to=2", "group= shares what is live, too, and has no end: leave to= out"],
    ["slow=latest group=g", "window= says how much waits for a member of a group: leave slow= out"],
    ["toString=1", 'sub has no "toString="'],
    ["=1", '"=1" is too much'],
  ];
  for (const [fields, reason] of cases) {
    assertStringIncludes(problem(`sub a ${fields}`, "subscriber"), reason);
  }
  assertStringIncludes(problem("unsub a from=1", "subscriber"), 'unsub has no "from=", it takes group=');
  assertStringIncludes(
    problem("unsub a b", "subscriber"),
    'unsub takes one topic or pattern and group=, "b" is too much',
  );
  assertStringIncludes(problem("unsub a group=a*", "subscriber"), "group=: the name of a group has no");
});

Deno.test("blank lines and lines that begin with # say nothing", () => {
  for (const line of ["", "  ", "\t", "# a comment", "  # one", "#hello"]) {
    assertEquals(parseLine(line, "publisher"), { kind: "nothing" });
  }
});

Deno.test("a bad line gets its reason", () => {
  assertEquals(problem("sub #a"), '"sub" is a subscriber\'s command; a publisher has pub, json, quit');
  assertEquals(
    problem("pub #a x", "subscriber"),
    '"pub" is a publisher\'s command; a subscriber has sub, unsub, quit',
  );
  assertEquals(problem("pbu #a x"), 'unknown command "pbu", did you mean "pub"?');
  assertEquals(problem("PUB #a x"), 'unknown command "PUB", did you mean "pub"?');
  assertEquals(problem("hello"), 'unknown command "hello", expected pub, json, quit');
  assertEquals(problem("3"), 'a command is missing after "3": expected pub, json, quit');
  assertEquals(problem("pub"), "the topic is missing");
  assertEquals(problem("quit now"), 'quit takes nothing, "now" is too much');
  assertEquals(
    problem("sub #a #b", "subscriber"),
    'sub takes one topic or pattern and from=, to=, slow=, group=, window=, ack= and by=, "#b" is too much',
  );
  assertStringIncludes(problem("pub # x"), '"#" alone is no topic');
  assertStringIncludes(problem("pub #a.* x"), "has no wildcards");
  assertStringIncludes(problem("sub #a*", "subscriber"), "a wildcard is a segment of its own");
  for (const seconds of ["-1", "1.2.3", "1e3", "3s", "99999999", "+1", "1,5"]) {
    assertStringIncludes(problem(`${seconds} pub #a x`), `not "${seconds}"`);
  }
});

Deno.test("json takes the object that --json prints, and leaves out what only a broker gives", () => {
  const line =
    '0.5 json {"time":"2026-01-31T09:00:00Z","seq":7,"id":"x","level":"synced","subs":2,"topic":"a",' +
    '"payload_base64":"/wA=","headers":{"k":"v"},"key":"1","ttl":5,"reply":"r"}';
  const message = {
    topic: "#a",
    payload: Uint8Array.of(0xff, 0),
    headers: new Map([["k", "v"]]),
    key: "1",
    ttl: 5,
    reply: "r",
    delay: undefined,
    at: undefined,
  };
  assertEquals(parseLine(line, "publisher"), {
    kind: "command",
    command: { wait: 500, action: { verb: "json", topic: "#a", message } },
  });
  assertEquals(problem('json {"payload":"x"}'), '"topic" is missing');
  assertStringIncludes(problem("json hello"), 'not JSON: "hello"');
  assertStringIncludes(problem('json {"topic":"a.*","payload":"x"}'), "has no wildcards");
  assertStringIncludes(problem('json {"topic":"a","payload":"x","reply":"a b"}'), '"reply": ');
  assertStringIncludes(
    problem('json {"topic":"a","payload":"x","ttl":0}'),
    '"ttl" is seconds from 0.001 to 999999999, not 0',
  );
  assertStringIncludes(problem('json {"topic":"a","payload":"x","fields":"a=b"}'), "broker --import alone");
  assertStringIncludes(problem('json {"topic":"a"}', "subscriber"), "is a publisher's command");
});

Deno.test("a file may have CRLF, a byte order mark and no last line end", () => {
  const text = "\ufeff1 pub #a one\r\n\r\n# no\r\npub #b \ufefftwo";
  assertEquals(parseCommandFile(encoder.encode(text), { name: "x.cmd", role: "publisher" }), [
    { place: "x.cmd:1", command: { wait: 1000, action: { verb: "pub", topic: "#a", message: "one" } } },
    { place: "x.cmd:4", command: { wait: 0, action: { verb: "pub", topic: "#b", message: "\ufefftwo" } } },
  ]);
  assertEquals(parseCommandFile(new Uint8Array(), { name: "x.cmd", role: "publisher" }), []);
});

Deno.test("all bad lines of a file are told at once, each with file and line", () => {
  const text = "pub #a one\nsub #a\n\nnope\npub #b two\n";
  const error = assertThrows(
    () => parseCommandFile(encoder.encode(text), { name: "x\x1b.cmd", role: "publisher" }),
    UsageError,
  );
  assertEquals(error.message.split("\n"), [
    'x\\x1b.cmd:2: "sub" is a subscriber\'s command; a publisher has pub, json, quit',
    'x\\x1b.cmd:4: unknown command "nope", expected pub, json, quit',
  ]);
});

Deno.test("a line that is not UTF-8 is told with its number, and the lines around it are still checked", () => {
  const bytes = new Uint8Array([
    ...encoder.encode("pub #a ü\npub #a "),
    0xff,
    0xfe,
    ...encoder.encode("\r\nnope\npub #a ok\n"),
  ]);
  const error = assertThrows(() => parseCommandFile(bytes, { name: "x", role: "publisher" }), UsageError);
  assertEquals(error.message.split("\n").map((line) => line.slice(0, 12)), ["x:2: not UTF", "x:3: unknown"]);
});

Deno.test("a file that is no command file at all does not fill the screen", () => {
  const text = "nonsense\n".repeat(5000);
  const error = assertThrows(
    () => parseCommandFile(encoder.encode(text), { name: "x", role: "publisher" }),
    UsageError,
  );
  const lines = error.message.split("\n");
  assertEquals([lines.length, lines.at(-1)], [101, "x: and 4900 more bad lines"]);
});

Deno.test("a hundred thousand lines are read, each as it is", () => {
  const text = Array.from({ length: 100_000 }, (_, at) => `0.001 pub #n.${at % 7} message ${at}`).join("\n");
  const commands = parseCommandFile(encoder.encode(text), { name: "big.cmd", role: "publisher" });
  assertEquals(commands.length, 100_000);
  assertEquals(commands.at(-1), {
    place: "big.cmd:100000",
    command: { wait: 1, action: { verb: "pub", topic: `#n.${99_999 % 7}`, message: "message 99999" } },
  });
});

Deno.test("any message of one line comes back from its line as it was", () => {
  const messages = fc.string({ unit: "binary" }).filter((text) =>
    text.isWellFormed() && !/[\n]|\r$/.test(text)
  );
  fc.assert(fc.property(messages, fc.nat(10_000), (message, ms) => {
    const file = encoder.encode(`${ms / 1000} pub #topic ${message}\n`);
    const [line] = parseCommandFile(file, { name: "x", role: "publisher" });
    assertEquals(line?.command.action, { verb: "pub", topic: "#topic", message });
    assertEquals(Math.round(line?.command.wait ?? NaN), ms);
  }));
});

Deno.test("no line, whatever is in it, makes the parser throw", () => {
  const role = fc.constantFrom<Role>("publisher", "subscriber");
  fc.assert(fc.property(fc.string({ unit: "binary" }), role, (line, role) => void parseLine(line, role)));
});

Deno.test("a wait is up to ten million seconds, to the second", () => {
  assertEquals(parseLine("10000000 quit", "publisher"), {
    kind: "command",
    command: { wait: 10_000_000_000, action: { verb: "quit" } },
  });
  for (const seconds of ["10000001", "10000000.5"]) {
    assertStringIncludes(
      problem(`${seconds} quit`),
      `seconds are a number from 0 to 10000000, such as 3 or 0.5`,
    );
  }
  assertEquals(parseLine(".5 quit", "publisher"), {
    kind: "command",
    command: { wait: 500, action: { verb: "quit" } },
  });
  for (const seconds of [".", "1.2.3", "-1"]) {
    assertStringIncludes(problem(`${seconds} quit`), "seconds are a number");
  }
});

Deno.test("a word of a sub without a name or an = is too much, one with a short name is a field it has not", () => {
  for (const word of ["=1", "=", "word"]) {
    assertStringIncludes(problem(`sub #a ${word}`, "subscriber"), `${word}" is too much`);
  }
  for (const name of ["a", "fro", "from_"]) {
    assertStringIncludes(
      problem(`sub #a ${name}=1`, "subscriber"),
      `sub has no "${name}=", it takes from=, to=`,
    );
  }
  assertStringIncludes(problem("sub #a from=", "subscriber"), "from= takes");
  assertStringIncludes(problem("sub #a from=9 to=3", "subscriber"), "from=: ");
  assertEquals(parseLine("sub #a from=3 to=3", "subscriber").kind, "command");
  assertEquals(problem("sub #a from=now", "subscriber"), "command");
  assertEquals(problem("sub #a to=3", "subscriber"), "command");
  assertStringIncludes(problem("sub #a slow=x slow=block", "subscriber"), "slow= takes one of");
  assertStringIncludes(problem("sub #a slow=block slow=block", "subscriber"), "slow= is given twice");
  assertStringIncludes(problem("sub #a to=1 to=2", "subscriber"), "to= is given twice");
});

Deno.test("a topic is judged the same each time, however many others came between", () => {
  const first = ["#a", "b", "#", "a b".replace(" ", "\u00a0")].map((topic) =>
    parseLine(`pub ${topic} x`, "publisher")
  );
  for (let at = 0; at < 2500; at++) {
    assertEquals(parseLine(`pub t${at} x`, "publisher"), pub(0, `#t${at}`, "x"));
  }
  assertEquals(["#a", "b", "#", "a\u00a0b"].map((topic) => parseLine(`pub ${topic} x`, "publisher")), first);
});

Deno.test("what may stand behind a pattern is told with the words it may be", () => {
  assertEquals([...fieldsOf("unsub")], [["group", []]]);
  const sub = fieldsOf("sub");
  assertEquals([...sub.keys()], ["from", "to", "slow", "group", "window", "ack", "by"]);
  assertEquals([sub.get("ack"), sub.get("by"), sub.get("to"), sub.get("group")], [
    ["auto", "explicit"],
    ["key"],
    [],
    [],
  ]);
  assertEquals(sub.get("from"), ["now", "end", "earliest", "beginning", "latest"]);
  for (const verb of ["pub", "quit", "", "toString"]) assertEquals(fieldsOf(verb).size, 0, verb);
});

Deno.test("a tab ends a word as a space does, and only one of them stands before a message", () => {
  assertEquals(parseLine("pub\t#a\tx\ty ", "publisher"), pub(0, "#a", "x\ty "));
  assertEquals(parseLine("1\tpub\t\t#a\t\tx", "publisher"), pub(1000, "#a", "\tx"));
  assertEquals(problem("quit \t now \t "), 'quit takes nothing, "now" is too much');
  assertEquals(parseLine("quit \t ", "publisher").kind, "command");
});

Deno.test("who reads alone may begin with the last of each topic, and say what happens when it cannot keep up", () => {
  for (
    const [fields, action] of [
      ["from=latest", { from: "latest" }],
      ["from=-10", { from: "-10" }],
      ["from=latest to=7 slow=latest", { from: "latest", to: 7, slow: "latest" }],
      ["to=7 slow=block", { to: 7, slow: "block" }],
      ["group=g", { group: "g" }],
      ["group=g from=earliest", { group: "g", from: "earliest" }],
      ["ack=explicit by=key window=3", { ack: "explicit", by: "key", window: 3 }],
    ] as const
  ) {
    assertEquals(parseLine(`sub #a ${fields}`, "subscriber"), {
      kind: "command",
      command: { wait: 0, action: { verb: "sub", pattern: "#a", ...action } },
    });
  }
  assertEquals(
    problem("sub #a from=9 to=3", "subscriber"),
    "from=: 9 lies behind 3, where it is to end",
  );
  assertEquals(
    problem("sub #a from=now to=3", "subscriber"),
    "to= ends what is stored, and from now on nothing is: leave from=now out",
  );
});
