import { assertEquals } from "@std/assert";
import { fromMqtt, MqttHabits, mqttHint } from "../../../lib/cli/client/mqtt_habits.ts";

Deno.test("a topic as MQTT writes it is translated", () => {
  for (
    const [name, meant] of [
      ["#sensors/#", "sensors.>"],
      ["#sensors/+/temp", "sensors.*.temp"],
      ["#a/b", "a.b"],
      ["#/a/b/", "a.b"],
      ["#+", "*"],
      ["##", ">"],
      ["#a.#", "a.>"],
      ["#a.b", undefined],
      ["#a.#.b", undefined],
      ["#c++", undefined],
      ["#a.>", undefined],
      ["#/", undefined],
    ] as const
  ) assertEquals(fromMqtt(name, "subscriber"), meant, name);
});

Deno.test("a publisher has no wildcards, so only its slashes are a habit", () => {
  assertEquals(fromMqtt("#a/b", "publisher"), "a.b");
  assertEquals(fromMqtt("#+", "publisher"), undefined);
});

Deno.test("the hint quotes the name and says how it would be written", () => {
  assertEquals(mqttHint("#a", "subscriber"), undefined);
  assertEquals(
    mqttHint("#sensors/#", "subscriber"),
    '"#sensors/#" is taken literally: here "." splits, "*" stands for one segment, ' +
      "\">\" for all that follow; was 'sensors.>' meant?",
  );
  assertEquals(mqttHint("#a/b", "publisher"), '"#a/b" is taken literally: here "." splits; was a.b meant?');
});

Deno.test("each topic is told once, and of very many the first ten", () => {
  for (const role of ["publisher", "subscriber"] as const) {
    const told: string[] = [];
    const habits = new MqttHabits(role, (hint) => told.push(hint));
    for (let n = 0; n < 100_000; n++) {
      habits.look("#a.b");
      habits.look(`#a/${n % 5}`);
    }
    assertEquals(told.length, 5);
    for (let n = 0; n < 100_000; n++) habits.look(`#b/${n}`);
    assertEquals(told.length, 10);
    assertEquals(told.at(-1), mqttHint("#b/4", role));
  }
});

Deno.test("every name that is translated is looked at", () => {
  for (const name of ["#sensors/#", "#+", "##", "#a.#", "#a.+", "#/a"]) {
    for (const role of ["publisher", "subscriber"] as const) {
      const told: string[] = [];
      new MqttHabits(role, (hint) => told.push(hint)).look(name);
      assertEquals(told.length > 0, fromMqtt(name, role) !== undefined, `${role} ${name}`);
    }
  }
});

Deno.test("of very many topics that are told of, the first ten are, and one that is told of is not told again", () => {
  const told: string[] = [];
  const habits = new MqttHabits("subscriber", (hint) => told.push(hint));
  for (let n = 0; n < 9; n++) habits.look(`#a/${n}`);
  for (let n = 0; n < 20; n++) habits.look("#a/0");
  assertEquals(told.length, 9);
  // what is no habit takes no place
  for (let n = 0; n < 20; n++) habits.look(`#c+${n}`);
  for (let n = 0; n < 3; n++) habits.look(`#b/${n}`);
  assertEquals([told.length, told.at(-1)], [10, mqttHint("#b/0", "subscriber")]);
});

Deno.test("a wildcard is one at its place, and words of ours stay what they are", () => {
  for (
    const [name, meant] of [
      ["#a.+", "a.*"],
      ["#a+.b", undefined],
      ["#a.b#", undefined],
      ["#a/b#", "a.b#"],
      ["#a/#/b", "a.#.b"],
      ["#a//b", "a.b"],
      ["#a.*/b", "a.*.b"],
      ["#a+/b", "a+.b"],
    ] as const
  ) assertEquals(fromMqtt(name, "subscriber"), meant, name);
  assertEquals([fromMqtt("#a/+", "publisher"), fromMqtt("#a/#", "publisher")], ["a.+", "a.#"]);
});
