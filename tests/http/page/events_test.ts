import { assertEquals } from "@std/assert";
import { EventReader } from "../../../lib/http/page/events.js";

const STREAM = "retry: 1000\n\n: somebody is there\n\nevent: open\ndata: {}\n\n" +
  "id: 17 1 #a\r\ndata: ü\r\ndata:two\r\n\r\nevent: gap\n\ndata\n\n";
const EVENTS = [
  { event: "open", data: "{}", id: undefined },
  { event: "message", data: "ü\ntwo", id: "17 1 #a" },
  { event: "message", data: "", id: "17 1 #a" },
];

Deno.test("server-sent events are the same wherever their bytes are cut", () => {
  const bytes = new TextEncoder().encode(STREAM);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const reader = new EventReader();
    assertEquals(
      [...reader.read(bytes.slice(0, cut)), ...reader.read(bytes.slice(cut))],
      EVENTS,
      `at ${cut}`,
    );
  }
  const reader = new EventReader();
  assertEquals([...bytes].flatMap((byte) => reader.read(Uint8Array.of(byte))), EVENTS);
});

Deno.test("an event that is not whole is not given", () => {
  assertEquals(new EventReader().read(new TextEncoder().encode("data: half\n")), []);
});
