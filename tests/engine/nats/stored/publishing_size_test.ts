import { assertEquals } from "@std/assert";
import { RESEND_MS } from "../../../../lib/engine/nats/stored/limits.ts";
import { encoder, type Sent } from "../../case_parts.ts";
import { PublishingBench } from "./publishing_bench.ts";

Deno.test("what is too large for NATS with its headers, to the byte, is refused, and what just fits is sent", () => {
  const fields = (count: number): string =>
    Array.from({ length: count }, (_, at) => ` h.a${at}=\u00e9`).join("");
  for (const count of [0, 200]) {
    const bench = new PublishingBench();
    const headers = Array.from({ length: count }, (_, at) => `a${at}: \u00e9\r\n`).join("");
    // each with a header of its own
    const id = count === 0 ? "" : "Hashbus-Id: i\r\n";
    const known = count === 0 ? "me-2" : "#d i";
    const around = encoder.encode(`NATS/1.0\r\n${id}${headers}Nats-Msg-Id: ${known}\r\n\r\n`).length;
    const sent = (bytes: number): Sent =>
      count === 0 ? "x".repeat(bytes) : { text: "x".repeat(bytes), id: `i${fields(count)}` };
    bench.link.maxPayload = 5_000 + around;
    bench.publish(sent(5_001));
    assertEquals(bench.answers, [
      `1 PAYLOAD_TOO_LARGE: NATS takes messages of at most ${5_000 + around} bytes with their headers`,
    ]);
    bench.publish(sent(5_000));
    assertEquals([bench.answers.length, bench.publishing.size], [1, 1]);
  }
});

Deno.test("what a server does not take after all is refused, and the others are sent as ever", () => {
  const bench = new PublishingBench();
  const publish = bench.link.publish.bind(bench.link);
  bench.link.publish = (subject, bytes, sending) => {
    if (bytes.length > 10) throw new Error("max_payload size exceeded");
    publish(subject, bytes, sending);
  };
  const problem = "PAYLOAD_TOO_LARGE: NATS does not take it: max_payload size exceeded";
  const refused = bench.publish("x".repeat(11));
  bench.publish("a");
  assertEquals([bench.answers, bench.asked()], [[`1 ${problem}`], ["2 a", "ping"]]);
  assertEquals([bench.publishing.size, refused.shared], [1, false]);
});

Deno.test("what a server takes no more, when the link is back or time passes, is refused, and the rest sent (N8)", () => {
  for (const isBack of [true, false]) {
    const bench = new PublishingBench();
    const kept = bench.publish("x".repeat(100));
    bench.publish("a");
    bench.asked();
    if (isBack) bench.link.goDown();
    bench.link.maxPayload = 50;
    if (isBack) bench.link.goUp();
    else bench.passes(RESEND_MS);
    assertEquals(bench.answers, [
      "1 PAYLOAD_TOO_LARGE: NATS does not take it: max_payload size exceeded; it may have been stored",
    ]);
    assertEquals([bench.asked(), bench.publishing.size, kept.shared], [["2 a", "ping"], 1, false]);
  }
});

Deno.test("fields that nobody would take back from the stream are refused, and not stored", () => {
  const bench = new PublishingBench();
  bench.link.maxPayload = 8 * 1024 * 1024;
  for (const value of ["%", "x"]) bench.publish({ text: "a", id: `1 h.a=${value.repeat(400_000)}` });
  assertEquals(bench.answers.map((answer) => answer.slice(0, 19)), ["1 PAYLOAD_TOO_LARGE"]);
  assertEquals(bench.publishing.size, 1);
});
