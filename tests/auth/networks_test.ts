import { assertEquals } from "@std/assert";
import { networkOf } from "../../lib/auth/networks.ts";

Deno.test("an IPv4 address is one, and of IPv6 64 bits are, however they are written", () => {
  assertEquals(networkOf("10.0.0.1"), "10.0.0.1");
  for (
    const host of ["2001:db8::1", "2001:DB8:0:0::2", "2001:db8:0:0:1:2:3:4", "2001:0db8:0000::", "2001:db8::"]
  ) {
    assertEquals(networkOf(host), "2001:db8:0:0::/64", host);
  }
  assertEquals(networkOf("2001:db8:0:1:1:2:3:4"), "2001:db8:0:1::/64");
  assertEquals(networkOf("1:2:3:4:5:6:7:8"), "1:2:3:4::/64");
  assertEquals(networkOf("::1"), "0:0:0:0::/64");
  assertEquals(networkOf("2001:db8::2:3:4:5:6"), "2001:db8:0:2::/64", "what is behind the zeros counts");
  assertEquals(networkOf("::2:3:4:5:6:7:8"), "0:2:3:4::/64");
  assertEquals(networkOf("fe80::1%eth0"), networkOf("fe80::2"));
});
