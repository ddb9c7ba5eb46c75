import { assertEquals } from "@std/assert";
import { hostOf, NetworkCounts, networkOf } from "../../../lib/sessions/admission/networks.ts";

Deno.test("an address is told from its port, and an IPv4 address has one form (F32)", () => {
  const cases: [string, string | undefined][] = [
    ["127.0.0.1:40412", "127.0.0.1"],
    ["[::1]:9000", "::1"],
    ["[fe80::1%eth0]:9000", "fe80::1%eth0"],
    ["[::ffff:10.0.0.1]:9000", "10.0.0.1"],
    ["[::FFFF:10.0.0.1]:9000", "10.0.0.1"],
    ["memory", undefined],
    ["unix", undefined],
  ];
  for (const [address, host] of cases) assertEquals(hostOf(address), host, address);
});

Deno.test("IPv6 counts by 64 bits however it is written, with a zone or without (F32)", () => {
  const one = [
    "2001:db8::1",
    "2001:db8:0:0::ffff",
    "2001:0db8:0000:0000:0000:0000:0000:0001",
    "2001:DB8:0:0:a:b:c:d",
    "2001:db8::1%eth0",
  ];
  assertEquals([...new Set(one.map(networkOf))], ["2001:db8:0:0::/64"]);
  assertEquals(networkOf("::1"), "0:0:0:0::/64");
  assertEquals(networkOf("fe80::1%eth0"), networkOf("fe80::2"));
  assertEquals(networkOf("2001:db8:0:1::1") === networkOf("2001:db8::1"), false);
  assertEquals(networkOf("2001:db8:1::"), "2001:db8:1:0::/64");
  assertEquals(networkOf("10.0.0.1"), "10.0.0.1");
});

Deno.test("networks from which nobody is connected any more are forgotten", () => {
  const counts = new NetworkCounts();
  counts.add("a");
  counts.add("a");
  counts.remove("a");
  assertEquals(counts.of("a"), 1);
  counts.remove("a");
  assertEquals(counts.of("a"), 0);
});
