import { assertEquals } from "@std/assert";
import { fromMqtt, mqttHints } from "../../../lib/cli/client/mqtt_habits.ts";

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
  assertEquals(mqttHints(["#a", undefined, "#sensors/#"], "subscriber"), [
    '"#sensors/#" is taken literally: here "." splits, "*" stands for one segment, ' +
    "\">\" for all that follow; was 'sensors.>' meant?",
  ]);
  assertEquals(mqttHints(["#a/b"], "publisher"), [
    '"#a/b" is taken literally: here "." splits; was a.b meant?',
  ]);
});
