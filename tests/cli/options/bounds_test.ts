/** What each program does where nothing is said, and how much and how little each number of it may be. */
import { assertEquals } from "@std/assert";
import { BROKER } from "../../../lib/cli/broker/options.ts";
import { BARE, type Program, type Table } from "../../../lib/cli/options/table.ts";
import { readValues } from "../../../lib/cli/options/values.ts";
import { PUBLISHER } from "../../../lib/cli/publisher/options.ts";
import { SUBSCRIBER } from "../../../lib/cli/subscriber/options.ts";
import { UsageError } from "../../../lib/errors.ts";

const MAX = Number.MAX_SAFE_INTEGER;
const LOCAL = "127.0.0.1";
const CONNECTING = { host: LOCAL, "connect-timeout": 5000, protocol: "auto" };
/** By program, what has a value where none is given. */
const DEFAULTS: [Program<Table>, Readonly<Record<string, unknown>>][] = [
  [BROKER, {
    "sub-port": 9090,
    "pub-port": 9000,
    host: LOCAL,
    "slow-consumer": "block",
    "stall-timeout": 5000,
    "drain-timeout": 10_000,
    "log-format": "text",
    "max-line": 64 * 1024,
    "max-payload": 8 * 1024 ** 2,
    "max-topic": 255,
    "max-patterns": 1000,
    "max-connections": 10_000,
    "max-topics": 1_000_000,
    "max-groups": 1000,
    "max-outbox": 64 * 1024 ** 2,
  }],
  [PUBLISHER, { ...CONNECTING, port: 9000, speed: 1, repeat: 1, "drain-timeout": 10_000 }],
  [SUBSCRIBER, { ...CONNECTING, port: 9090 }],
];
/** By program and option: the least and the most that is taken. */
const BOUNDS: [Program<Table>, Readonly<Record<string, readonly [least: number, most: number]>>][] = [
  [BROKER, {
    "sub-port": [0, 65_535],
    "pub-port": [0, 65_535],
    http: [0, 65_535],
    "retain-bytes": [1024 ** 2, MAX],
    "max-attempts": [1, 1_000_000],
    "max-line": [512, 1024 ** 2],
    "max-payload": [1024, 256 * 1024 ** 2],
    "max-topic": [16, 4096],
    "max-patterns": [1, 1_000_000],
    "max-connections": [1, 1_000_000],
    "max-connections-per-address": [1, 1_000_000],
    "max-topics": [1, 1_000_000_000],
    "max-groups": [1, 1_000_000],
    "max-outbox": [1024 ** 2, 4 * 1024 ** 3],
    "max-memory": [64 * 1024 ** 2, 1024 ** 4],
    "engine-replicas": [1, 5],
  }],
  [PUBLISHER, {
    port: [1, 65_535],
    "local-port": [1, 65_535],
    "sub-port": [1, 65_535],
    repeat: [1, 1_000_000_000],
    "min-subs": [1, 1_000_000_000],
  }],
  [SUBSCRIBER, {
    port: [1, 65_535],
    "local-port": [1, 65_535],
    "pub-port": [1, 65_535],
    count: [1, MAX],
    jobs: [1, 1024],
    window: [1, 65_536],
  }],
];

/** What an option comes to; undefined: it is refused. */
function taken(program: Program<Table>, name: string, text: string): unknown {
  const given = { source: `--${name}`, from: "", texts: [text] };
  try {
    return readValues(program, [new Map([[name, given]])])[name];
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

for (const [program, defaults] of DEFAULTS) {
  Deno.test(`where nothing is said the ${program.name} does what is usual`, () => {
    const { id: _, ...values } = readValues(program, []);
    const set = Object.entries(values).filter(([, value]) =>
      value !== undefined && value !== false && !(Array.isArray(value) && value.length === 0)
    );
    assertEquals(Object.fromEntries(set), defaults);
  });
}

for (const [program, bounds] of BOUNDS) {
  Deno.test(`numbers of the ${program.name} are taken from the least to the most there may be`, () => {
    for (const [name, [least, most]] of Object.entries(bounds)) {
      const told = [least - 1, least, most, most + 1].map((value) => taken(program, name, `${value}`));
      const beyond = most === MAX ? told[3] : undefined;
      assertEquals(told, [undefined, least, most, beyond], name);
    }
  });
}

Deno.test("an option whose value may be left out has the usual one then", () => {
  const ports = ["sub-port", "pub-port", "http"].map((name) => taken(BROKER, name, BARE));
  assertEquals(ports, [9090, 9000, 9080]);
  assertEquals([taken(BROKER, "import", BARE), taken(PUBLISHER, "stamp", BARE)], ["-", "sent"]);
});
