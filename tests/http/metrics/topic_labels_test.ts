import { assertEquals } from "@std/assert";
import type { CountedTopic } from "../../../lib/broker/mod.ts";
import { TopicLabels } from "../../../lib/http/metrics/topic_labels.ts";

/** Topics as a broker counts them, which it may forget. */
class Topics {
  readonly counts = new Map<string, number>();

  counted(): CountedTopic[] {
    return [...this.counts.keys()].map((topic) => this.one(topic)!);
  }

  one(topic: string): CountedTopic | undefined {
    const messages = this.counts.get(topic);
    if (messages === undefined) return undefined;
    return {
      topic,
      durable: false,
      messages,
      bytes: 10 * messages,
      then: { messages: 0, bytes: 0 },
      subscribers: 0,
    };
  }
}

function read(labels: TopicLabels): [string, number, number][] {
  return labels.read().map(({ topic, messages, bytes }) => [topic, messages, bytes]);
}

Deno.test("so many topics have a label, at first those that most was published to, and keep it", () => {
  const topics = new Topics();
  for (let at = 0; at < 5; at++) topics.counts.set(`#t${at}`, at);
  const labels = new TopicLabels(topics, 3);
  assertEquals(read(labels), [["#t4", 4, 40], ["#t3", 3, 30], ["#t2", 2, 20]]);
  topics.counts.set("#t0", 100);
  topics.counts.set("#t4", 5);
  assertEquals(read(labels), [["#t4", 5, 50], ["#t3", 3, 30], ["#t2", 2, 20]]);
});

Deno.test("a labelled topic's numbers only go up, also where it is forgotten and counted anew", () => {
  const topics = new Topics();
  const labels = new TopicLabels(topics, 2);
  topics.counts.set("#a", 7);
  assertEquals(read(labels), [["#a", 7, 70]]);
  topics.counts.delete("#a");
  assertEquals(read(labels), [["#a", 7, 70]]);
  topics.counts.set("#a", 2);
  assertEquals(read(labels), [["#a", 9, 90]]);
  topics.counts.set("#a", 3);
  topics.counts.set("#b", 1);
  assertEquals(read(labels), [["#a", 10, 100], ["#b", 1, 10]]);
});

Deno.test("a thousand topics have a label, and while there is room for all they stand as they are counted", () => {
  const topics = new Topics();
  for (let at = 0; at < 1000; at++) topics.counts.set(`#t${at}`, at);
  const labels = new TopicLabels(topics);
  assertEquals(read(labels).map(([topic]) => topic), [...topics.counts.keys()]);
  topics.counts.set("#more", 10_000);
  let looked = 0;
  const { counted } = topics;
  topics.counted = () => {
    looked++;
    return counted.call(topics);
  };
  assertEquals([read(labels).length, looked], [1000, 0], "no more are looked for");
  const others = new TopicLabels(topics);
  assertEquals(read(others)[0], ["#more", 10_000, 100_000]);
  assertEquals(read(others).length, 1000);
});

Deno.test("numbers that have not changed are told as they are, however often", () => {
  const topics = new Topics();
  topics.counts.set("#a", 7);
  const labels = new TopicLabels(topics, 2);
  for (let times = 0; times < 3; times++) assertEquals(read(labels), [["#a", 7, 70]]);
});

Deno.test("a labelled topic that nothing was published to stands at nought, and at one behind the first", () => {
  const topics = new Topics();
  const labels = new TopicLabels(topics, 2);
  topics.counts.set("#a", 0);
  assertEquals(read(labels), [["#a", 0, 0]]);
  topics.counts.set("#a", 1);
  assertEquals(read(labels), [["#a", 1, 10]]);
});
