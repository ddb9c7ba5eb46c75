/** What a port is set to, as Node's server has it, and what is said where it cannot be had. */
import { assertEquals, assertRejects } from "@std/assert";
import type { Server } from "node:http";
import type { Socket } from "node:net";
import { openPort, type PortOptions } from "../../lib/http/port.ts";
import { RunError } from "../../lib/errors.ts";
import { SILENT_LOG } from "../../lib/log.ts";
import { standIn } from "../cli/stand_in.ts";
import { until } from "../support/until.ts";
import { within } from "../support/within.ts";

const OPTIONS: PortOptions = { hostname: "127.0.0.1", port: 0, most: 7, waits: () => false, log: SILENT_LOG };

Deno.test("a port has the deadlines and the bounds that are documented, or those of a test", async () => {
  for (
    const [patience, header, idle, keepAlive] of [
      [{}, 10_000, 30_000, 5_000],
      [{ header: 700, idle: 900 }, 700, 900, 900],
      [{ idle: 5_001 }, 10_000, 5_001, 5_000],
    ] as const
  ) {
    let served: Server | undefined;
    const port = await openPort((request, response) => {
      served = (request.socket as Socket & { readonly server: Server }).server;
      response.end("x");
    }, { ...OPTIONS, patience });
    const answer = await within("an answer", fetch(`http://127.0.0.1:${port.address.port}/`));
    await answer.body?.cancel();
    const { headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxConnections } = served!;
    assertEquals([headersTimeout, requestTimeout, keepAliveTimeout, timeout, maxConnections], [
      header,
      0,
      keepAlive,
      idle,
      7,
    ]);
    await within("the end of the port", port.close());
  }
});

Deno.test("a port that is taken, and an address that is not this machine's, are told with what to do", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  const open = async (options: Partial<PortOptions>): Promise<string> =>
    (await assertRejects(() => openPort(() => {}, { ...OPTIONS, ...options }), RunError)).message;
  assertEquals(
    await open({ port }),
    `127.0.0.1:${port} is in use: stop the program that has it, or choose another port with --http ` +
      "(0 takes a free one)",
  );
  const elsewhere = await open({ hostname: "192.0.2.1", port: 1234 });
  assertEquals(elsewhere.startsWith("cannot listen on 192.0.2.1:1234 ("), true, elsewhere);
  assertEquals(elsewhere.endsWith("): choose an address of this machine with --host"), true, elsewhere);
});

Deno.test("an idle connection is let go, and one whose request waits for the broker is not", async () => {
  let waits = true;
  let asked = 0;
  const answers: (() => void)[] = [];
  const port = await openPort((_, response) => void answers.push(() => response.end("late")), {
    ...OPTIONS,
    patience: { idle: 30 },
    waits: () => {
      asked++;
      return waits;
    },
  });
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: port.address.port });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
  await until("that it was idle for twice as long", () => asked >= 2);
  answers[0]!();
  const bytes = new Uint8Array(1000);
  const read = await within("the answer", connection.read(bytes));
  assertEquals(new TextDecoder().decode(bytes.subarray(0, read ?? 0)).endsWith("late"), true);
  waits = false;
  // on a busy machine it may have ended by now
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n")).catch(() => {});
  assertEquals(await within("the end", connection.read(bytes).catch(() => null)), null);
  await within("the end of the port", port.close());
});

Deno.test("a port that closes lets go of who is idle, and cuts off who is not when half a second is over", async () => {
  for (const busy of [false, true]) {
    const came = Promise.withResolvers<void>();
    const port = await openPort((request, response) => {
      if (request.url === "/") response.end("x");
      else came.resolve();
    }, OPTIONS);
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: port.address.port });
    await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    const bytes = new Uint8Array(1000);
    await within("the answer", connection.read(bytes));
    if (busy) {
      await connection.write(new TextEncoder().encode("GET /never HTTP/1.1\r\nHost: x\r\n\r\n"));
      await within("the request", came.promise);
    }
    const { setTimeout, clearTimeout } = globalThis;
    const timers: (() => void)[] = [];
    const cleared: unknown[] = [];
    const set = (call: () => void, ms?: number): unknown =>
      ms === 500 ? -timers.push(call) : setTimeout(call, ms);
    const clear = (id?: number): void => id === -1 ? void cleared.push(id) : clearTimeout(id);
    using _set = standIn(globalThis, "setTimeout", set as unknown as typeof globalThis.setTimeout);
    using _clear = standIn(globalThis, "clearTimeout", clear as unknown as typeof globalThis.clearTimeout);
    const closing = port.close();
    assertEquals(timers.length, 1);
    if (busy) timers[0]!();
    await within("the end of the port", closing);
    assertEquals(cleared, [-1], "nobody is cut off any more");
    assertEquals(await within("the end", connection.read(bytes).catch(() => null)), null);
  }
});

Deno.test("what the parser refuses is answered with what is wrong with it, and who has gone is answered nothing", async () => {
  let served: Server | undefined;
  const port = await openPort((request, response) => {
    served = (request.socket as Socket & { readonly server: Server }).server;
    response.end("x");
  }, OPTIONS);
  const answer = await within("an answer", fetch(`http://127.0.0.1:${port.address.port}/`));
  await answer.body?.cancel();
  const said = (code: string, writable = true): string => {
    let text = "";
    const socket = { writable, end: (more: string) => text += more, destroy: () => text += "(destroyed)" };
    served!.emit("clientError", Object.assign(new Error("no"), { code }), socket as unknown as Socket);
    return text;
  };
  assertEquals([said("ECONNRESET"), said("HPE_INVALID", false)], ["(destroyed)", "(destroyed)"]);
  for (
    const [code, status, title, detail] of [
      [
        "HPE_HEADER_OVERFLOW",
        431,
        "Request Header Fields Too Large",
        "the header is longer than 16384 bytes",
      ],
      ["ERR_HTTP_REQUEST_TIMEOUT", 408, "Request Timeout", "the header was not whole within 10 seconds"],
      ["HPE_INVALID", 400, "Bad Request", "this is not an HTTP/1.1 request that can be read in one way only"],
    ] as const
  ) {
    const body = JSON.stringify({ title, status, code: "BAD_REQUEST", detail });
    assertEquals(
      said(code),
      [
        `HTTP/1.1 ${status} ${title}`,
        "Content-Type: application/problem+json",
        "X-Content-Type-Options: nosniff",
        `Content-Length: ${body.length}`,
        "Connection: close",
        "",
        body,
      ].join("\r\n"),
    );
  }
  await within("the end of the port", port.close());
});
