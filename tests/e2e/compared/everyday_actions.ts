/**
 * A trial of each action of docs/cli-compared.md: what is there before, the command as it is written, what has come of it.
 *
 * @module
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type Desk, MortalBroker } from "./desk.ts";

/** One action. */
export interface Action {
  /** Only with hashbus: with the other it needs what a desk does not have. */
  readonly ours?: true;
  try(desk: Desk, command: string): Promise<void>;
}

/** What a watcher prints for a message of topic `a`, `-v` of Mosquitto's included. */
function shown(desk: Desk, text: string): string {
  return `${desk.tool === "hashbus" ? "#a" : "a"} ${text}\n`;
}

/** Types a command that publishes, while somebody watches topic `a`; what the watcher printed. */
async function watched(desk: Desk, command: string, last: RegExp): Promise<string> {
  const watcher = await desk.subscribe(desk.tool === "hashbus" ? "subscriber -t a" : "mosquitto_sub -v -t a");
  await desk.run(command);
  await watcher.see(last);
  return watcher.stdout;
}

const LINES = "one\ntwo words\nthree\n";
const lines: Action["try"] = async (desk, command) => {
  await desk.file("f", LINES);
  const seen = await watched(desk, command, /three/);
  assertEquals(seen, LINES.trimEnd().split("\n").map((line) => shown(desk, line)).join(""));
};

/** By their titles. */
export const ACTIONS: Readonly<Record<string, Action>> = {
  "Publish one": {
    try: async (desk, command) => assertEquals(await watched(desk, command, /hi/), shown(desk, "hi")),
  },
  "Watch all": {
    try: async (desk, command) => {
      const watcher = await desk.subscribe(command);
      await desk.publish("a", "hi there");
      await watcher.see(/hi there\n/);
      assertEquals(watcher.stdout, shown(desk, "hi there"));
    },
  },
  "Lines": { try: lines },
  "A topic a line": {
    try: async (desk, command) => {
      const verb = desk.tool === "hashbus" ? "pub " : "";
      await desk.file("f", `${verb}a one\n${verb}b two words\n${verb}a three\n`);
      const watcher = await desk.subscribe(
        desk.tool === "hashbus" ? "subscriber -t b" : "mosquitto_sub -t b",
      );
      assertEquals(await watched(desk, command, /three/), shown(desk, "one") + shown(desk, "three"));
      await watcher.see(/two words\n/);
    },
  },
  "A file, exactly": {
    try: async (desk, command) => {
      const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at % 256);
      bytes.set([0x68, 0x69, 0x0a], bytes.length - 3);
      await desk.file("f", bytes);
      const one = desk.tool === "hashbus" ? "subscriber -t a -C 1 -F %x" : "mosquitto_sub -t a -C 1 -F %x";
      const watcher = await desk.subscribe(one);
      await desk.run(command);
      await watcher.ended;
      assertEquals(watcher.stdout.trim(), bytes.toHex());
    },
  },
  "Stop after three messages or ten seconds": {
    try: async (desk, command) => {
      const watcher = await desk.subscribe(command);
      for (const text of ["1", "2", "3", "4"]) await desk.publish("a", text);
      assertEquals((await watcher.ended).code, 0);
      assertEquals(watcher.stdout.trimEnd().split("\n").length, 3);
      // the other end of it, in less time than a person has
      await desk.run(command.replace("10", "1"), { code: 27 });
    },
  },
  "Stop at the end of what is stored": {
    try: async (desk, command) => {
      await desk.publish("a", "one");
      await desk.publish("a", "two");
      assertEquals(await desk.run(command), shown(desk, "one") + shown(desk, "two"));
    },
  },
  "The last hour, then what is live": {
    try: async (desk, command) => {
      await desk.publish("a", "before");
      const watcher = await desk.subscribe(command);
      await watcher.see(/before\n/);
      await desk.publish("a", "now");
      await watcher.see(/now\n/);
      assertEquals(watcher.stdout, shown(desk, "before") + shown(desk, "now"));
    },
  },
  "The last ten, then what is live": {
    try: async (desk, command) => {
      await desk.run("seq 1 25 | publisher -t a -l");
      const watcher = await desk.subscribe(command);
      await watcher.see(/ 25\n/);
      await desk.publish("a", "now");
      await watcher.see(/now\n/);
      const numbers = Array.from({ length: 10 }, (_, at) => `${16 + at}`);
      assertEquals(watcher.stdout, [...numbers, "now"].map((text) => shown(desk, text)).join(""));
    },
  },
  "A format": {
    try: async (desk, command) => {
      const watcher = await desk.subscribe(command);
      await desk.publish("a", "hi");
      await watcher.see(/hi\n/);
      assertMatch(watcher.stdout, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* #?a hi\n$/);
    },
  },
  "A header and a key": {
    try: async (desk, command) => {
      const [watch, shows] = desk.tool === "hashbus"
        ? ["subscriber -t a -C 1 -F '%p %h %k'", "hi k=v x\n"]
        : ["mosquitto_sub -V 5 -t a -C 1 -F '%p %P'", "hi k:v key:x\n"];
      const watcher = await desk.subscribe(watch);
      await desk.run(command);
      await watcher.ended;
      assertEquals(watcher.stdout, shows);
    },
  },
  "A request by hand": {
    try: async (desk, command) => {
      const [watch, question, answer] = desk.tool === "hashbus"
        ? ["subscriber -t a -F '%p %j'", /^hi .*"reply":"#r"/, "#r answer\n"]
        : ["mosquitto_sub -V 5 -t a -F '%p %R'", /^hi r$/m, "answer\n"];
      // it stays: one that had left would be missing in the count that tells that the asker is subscribed
      const answerer = await desk.subscribe(watch);
      const asked = await desk.subscribe(`${command}; wait`);
      await answerer.see(question);
      await desk.publish("r", "answer");
      await asked.ended;
      assertEquals(asked.stdout, answer);
    },
  },
  "The broker is gone in the middle": {
    ours: true,
    try: async (desk, command) => {
      const all = Array.from({ length: 200_000 }, (_, at) => `line ${at}`);
      await desk.file("f", `${all.join("\n")}\n`);
      await using broker = await MortalBroker.start(`${desk.folder}/mortal`);
      const url = `HASHBUS_URL='${broker.url}'`;
      const watcher = desk.type(`exec env ${url} subscriber -t a -o earliest -F %p -C ${all.length}`);
      const publisher = desk.type(`export ${url}; ${command}`);
      await watcher.see(/line 1000\n/);
      await broker.kill();
      await broker.restart();
      assertEquals((await publisher.ended).code, 0, publisher.stderr);
      assertEquals((await watcher.ended).code, 0, watcher.stderr);
      assert(watcher.stdout === `${all.join("\n")}\n`, "each line once, in order");
    },
  },
  "Is anybody there": {
    try: async (desk, command) => {
      const alone = desk.type(command);
      await alone.ended;
      assertStringIncludes(alone.stderr, "0 subscribers");
      await desk.subscribe("subscriber -t a");
      await desk.subscribe("subscriber -t '*'");
      const asked = desk.type(command);
      await asked.ended;
      assertStringIncludes(asked.stderr, "2 subscribers");
    },
  },
  "On another machine": {
    try: async (desk, command) => {
      const here = command.replace("box", "localhost");
      assertEquals(await watched(desk, here, /hi/), shown(desk, "hi"));
    },
  },
};
