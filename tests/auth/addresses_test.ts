import { assertEquals } from "@std/assert";
import { AddressList } from "../../lib/auth/addresses.ts";

function listOf(...entries: readonly string[]): AddressList {
  const list = new AddressList();
  for (const entry of entries) assertEquals(list.add(entry), true, entry);
  return list;
}

Deno.test("an address is listed by itself and by its network", () => {
  const list = listOf("127.0.0.1", "10.0.0.0/8", "fd00::/8", "::1");
  for (const address of ["127.0.0.1", "10.0.0.0", "10.255.255.255", "fd12::1", "::1", "fd00::1%eth0"]) {
    assertEquals(list.has(address), true, address);
  }
  for (
    const address of ["127.0.0.2", "11.0.0.0", "9.255.255.255", "fe80::1", "::2", "", "memory", "10.0.0"]
  ) {
    assertEquals(list.has(address), false, address);
  }
});

Deno.test("an IPv4 address that comes in by an IPv6 socket is the same", () => {
  assertEquals(listOf("10.0.0.0/8").has("::ffff:10.1.2.3"), true);
  assertEquals(listOf("::ffff:10.1.2.3").has("10.1.2.3"), true);
  assertEquals(listOf("::FFFF:10.1.2.3").has("::ffff:10.1.2.4"), false);
});

Deno.test("what is no address and no network is refused", () => {
  const wrong = [
    "",
    "localhost",
    "10.0.0",
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "10.0.0.0/8/8",
    "10.0.0.0/0008",
  ];
  for (const text of [...wrong, " 10.0.0.1", "010.0.0.1", "::ffff:10.0.0.0/104", "fe80::1%eth0", "*"]) {
    assertEquals(new AddressList().add(text), false, text);
  }
});

Deno.test("a network may be all there is", () => {
  const list = listOf("0.0.0.0/0");
  assertEquals([list.has("203.0.113.9"), list.has("2001:db8::1")], [true, false]);
});
