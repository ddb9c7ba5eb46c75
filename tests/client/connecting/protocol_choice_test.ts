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

Deno.test("who was told what to speak learns nothing, and says so", () => {
  for (const [wanted, saysHello] of [["2", true], ["classic", false]] as const) {
    const choice = new ProtocolChoice(wanted);
    const so = (): boolean[] => [choice.saysHello, choice.insists, choice.expects2, choice.onTrial];
    assertEquals(so(), [saysHello, saysHello, saysHello, false]);
    choice.learn("classic");
    choice.served(true);
    assertEquals(so(), [saysHello, saysHello, saysHello, false]);
  }
  const auto = new ProtocolChoice("auto");
  assertEquals([auto.insists, auto.spoke2, auto.expects2, auto.onTrial], [false, false, false, false]);
  auto.learn("2");
  assertEquals([auto.insists, auto.spoke2, auto.expects2, auto.onTrial], [false, true, true, false]);
});

Deno.test("the connection behind one that hung up shows what there is, and no other", () => {
  const choice = new ProtocolChoice("auto");
  choice.served(true);
  assertEquals(choice.saysHello, true, "it was not on trial");
  choice.helloUnanswered();
  assertEquals(choice.onTrial, true);
  choice.served(true);
  assertEquals([choice.onTrial, choice.saysHello], [false, true]);
  choice.helloUnanswered();
  choice.served(false);
  assertEquals([choice.onTrial, choice.saysHello], [false, true], "it was not the hello this time");
  choice.helloUnanswered();
  choice.served(true);
  assertEquals(choice.saysHello, false, "it was served before");

  const answered = new ProtocolChoice("auto");
  answered.helloUnanswered();
  answered.served(true);
  answered.learn("2");
  assertEquals([answered.helloUnanswered(), answered.saysHello], [false, true]);
});
