/** What the log says of handshakes that come to nothing. */
import { assertEquals } from "@std/assert";
import type { Socket } from "node:net";
import { FailedHandshakes } from "../../lib/http/handshakes.ts";
import type { LogFields } from "../../lib/log.ts";
import { standIn } from "../cli/stand_in.ts";

Deno.test("each kind is told at once and then every ten seconds, who only looks at the port to who debugs", () => {
  const said: unknown[] = [];
  const to = (level: string) => (event: string, fields: LogFields = {}): void => {
    said.push([level, event, fields]);
  };
  const handshakes = new FailedHandshakes({
    debug: to("debug"),
    info: to("info"),
    warn: to("warn"),
    error: to("error"),
  });
  let now = 1000;
  using _now = standIn(performance, "now", () => now);
  let destroyed = 0;
  const failed = (code: string, from: Partial<Socket> & { readonly _parent?: unknown }): void => {
    const socket = { destroy: () => destroyed++, ...from } as unknown as Socket;
    handshakes.failed(Object.assign(new Error(`it is ${code}`), { code }), socket);
  };
  const here = { remoteAddress: "10.0.0.7", remotePort: 5 } as const;
  failed("ECONNRESET", here);
  failed("ECONNRESET", { _parent: here });
  failed("ECONNRESET", {});
  const gone = ["debug", "TLS: gone before the handshake"];
  assertEquals(said.splice(0), [
    [...gone, { listener: "http", address: "10.0.0.7:5" }],
    [...gone, { listener: "http", address: "10.0.0.7:5" }],
    [...gone, { listener: "http", address: undefined }],
  ]);
  const at = { listener: "http", address: "10.0.0.7:5" };
  for (const [later, times] of [[0, 1], [9999, 0], [1, 2]] as const) {
    now += later;
    for (const code of ["ERR_SSL_HTTP_REQUEST", "ERR_OTHER"]) failed(code, here);
    assertEquals(
      said.splice(0),
      times === 0 ? [] : [
        ["warn", "plain text on a port with TLS: connect with https", { ...at, times }],
        ["warn", "TLS handshake failed", { ...at, reason: "it is ERR_OTHER", times }],
      ],
    );
  }
  failed("ERR_SSL_WRONG_VERSION_NUMBER", here);
  assertEquals([said, destroyed], [[], 10]);
});
