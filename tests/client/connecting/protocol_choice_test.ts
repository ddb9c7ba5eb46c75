import { assertEquals } from "@std/assert";
import { ProtocolChoice } from "../../../lib/client/connecting/protocol_choice.ts";

Deno.test("what was learnt decides whether hello is said", () => {
  const fresh = new ProtocolChoice("auto");
  assertEquals(fresh.saysHello, true);
  assertEquals(fresh.helloUnanswered(), true, "it is tried at once without");
  assertEquals(fresh.saysHello, false);
  fresh.served(false);
  assertEquals(fresh.saysHello, true, "it was not the hello");
  fresh.helloUnanswered();
  fresh.served(true);
  assertEquals(fresh.saysHello, true, "it may have been killed at that moment");
  fresh.helloUnanswered();
  assertEquals(fresh.saysHello, false);
  fresh.served(true);
  assertEquals(fresh.saysHello, false);
  fresh.served(false);
  assertEquals(fresh.saysHello, false, "it is classic for good");

  const answered = new ProtocolChoice("auto");
  answered.learn("classic");
  assertEquals(answered.saysHello, false, "an answer is no accident");
});

Deno.test("who has spoken v2 says hello for ever, whatever is left unanswered", () => {
  const v2 = new ProtocolChoice("auto");
  v2.learn("2");
  for (let time = 0; time < 3; time++) {
    assertEquals([v2.helloUnanswered(), v2.saysHello, v2.expects2], [false, true, true]);
  }
  v2.learn("classic");
  assertEquals([v2.helloUnanswered(), v2.saysHello], [false, true], "another broker's answer holds once");
});
