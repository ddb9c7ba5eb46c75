import { assert, assertEquals } from "@std/assert";
import { endOf, LINUX_SEND_QUEUES, rowsOf, socketKey } from "../../lib/sessions/send_queues.ts";

Deno.test("an end of a connection is written as Linux writes it", () => {
  const ends: ReadonlyArray<[string, number, string | undefined]> = [
    ["127.0.0.1", 9000, "0100007F:2328"],
    ["10.1.2.255", 80, "FF02010A:0050"],
    ["::1", 9000, "00000000000000000000000001000000:2328"],
    ["::", 1, "00000000000000000000000000000000:0001"],
    ["::ffff:127.0.0.1", 9000, "0000000000000000FFFF00000100007F:2328"],
    ["2001:db8::ff00:42:8329", 65535, "B80D01200000000000FF000029834200:FFFF"],
    ["fe80::1%eth0", 2, "000080FE000000000000000001000000:0002"],
    ["1:2:3:4:5:6:7:8", 3, "02000100040003000600050008000700:0003"],
    ["::1.2.3.4", 80, "00000000000000000000000004030201:0050"],
    ["1:2:3:4:5:6:7::", 1, "02000100040003000600050000000700:0001"],
    ["::2:3:4:5:6:7:8", 1, "02000000040003000600050008000700:0001"],
    ["255.255.255.0", 1, "00FFFFFF:0001"],
    ["256.0.0.1", 1, undefined],
    ["-1.0.0.1", 1, undefined],
    ["1.2.3", 1, undefined],
    ["1.2.3.4.5", 1, undefined],
    ["::1.2.3", 1, undefined],
    ["1:2:3:4:5:6:7", 1, undefined],
    ["1:2:3:4:5:6:7:8:9", 1, undefined],
    ["1:2:3:4:5:6:7:8::9", 1, undefined],
    ["a name", 1, undefined],
  ];
  for (const [hostname, port, end] of ends) assertEquals(endOf({ hostname, port }), end, hostname);
});

Deno.test("a connection is known by both of its ends, and only where both are of TCP", () => {
  const tcp = (hostname: string, port: number): Deno.NetAddr => ({ transport: "tcp", hostname, port });
  const unix: Deno.UnixAddr = { transport: "unix", path: "/x" };
  const key = (localAddr?: Deno.Addr, remoteAddr?: Deno.Addr): string | undefined =>
    socketKey(
      {
        ...(localAddr === undefined ? {} : { localAddr }),
        ...(remoteAddr === undefined ? {} : { remoteAddr }),
      } as Parameters<typeof socketKey>[0],
    );
  const [here, there] = [tcp("127.0.0.1", 9000), tcp("127.0.0.1", 40_000)];
  assertEquals(key(here, there), "0100007F:2328 0100007F:9C40");
  for (const [local, remote] of [[unix, there], [here, unix], [undefined, there], [here, undefined]]) {
    assertEquals(key(local, remote), undefined);
  }
  assertEquals([key(tcp("a name", 1), there), key(here, tcp("a name", 1))], [undefined, undefined]);
});

Deno.test("a table that ends in the middle of a row, or has none, says nothing more", () => {
  const found = new Map<string, number>();
  const row = "   0: 0100007F:2328 0100007F:9C40 01 0000000A:00000005";
  for (const table of ["", "header", "header\n", "header\n   0", `${row}\n`]) {
    rowsOf(table, { of: new Set(["0100007F:2328 0100007F:9C40"]), found });
    assertEquals(found.size, 0, table);
  }
  rowsOf(`header\n${row}`, { of: new Set(["0100007F:2328 0100007F:9C40"]), found });
  assertEquals([...found.values()], [10]);
});

Deno.test("of the system's table only what was asked for is read", () => {
  const table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n" +
    "   0: 0100007F:2328 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0\n" +
    "   1: 0100007F:2328 0100007F:9C40 01 00000A10:00000005 00:00000000 00000000     0\n" +
    "  12: 0100007F:2328 0100007F:9C41 01 00000000:00000000 00:00000000 00000000     0\n";
  const found = new Map<string, number>();
  rowsOf(table, { of: new Set(["0100007F:2328 0100007F:9C40", "0100007F:2328 0100007F:1111"]), found });
  assertEquals([...found], [["0100007F:2328 0100007F:9C40", 0xa10]]);
  rowsOf("", { of: new Set(["x"]), found });
  assertEquals(found.size, 1);
});

Deno.test({
  name: "what somebody has not taken is seen on a real socket, over IPv4 and IPv6",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    for (const hostname of ["127.0.0.1", "::1"]) {
      using listener = Deno.listen({ hostname, port: 0 });
      using connection = await Deno.connect({ hostname, port: listener.addr.port });
      using accepted = await listener.accept();
      const key = socketKey(accepted);
      assert(key !== undefined);
      assertEquals((await LINUX_SEND_QUEUES.look(new Set([key]))).get(key), 0, hostname);
      const block = new Uint8Array(1024 * 1024);
      let stuck = false;
      const filling = (async () => {
        while (!stuck) {
          const timer = setTimeout(() => stuck = true, 200);
          await accepted.write(block);
          clearTimeout(timer);
        }
      })().catch(() => {});
      while (!stuck) await new Promise((resolve) => setTimeout(resolve, 20));
      assert(((await LINUX_SEND_QUEUES.look(new Set([key]))).get(key) ?? 0) > 0, hostname);
      connection.close();
      await filling;
    }
  },
});
