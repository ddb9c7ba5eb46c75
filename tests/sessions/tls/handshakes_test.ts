import { assertEquals } from "@std/assert";
import { PUBLISHERS } from "../../../lib/broker/mod.ts";
import { SYSTEM_CLOCK } from "../../../lib/clock.ts";
import { SILENT_LOG } from "../../../lib/log.ts";
import { Handshakes } from "../../../lib/sessions/tls/handshakes.ts";
import { type Handshake, HandshakeError, type TlsSource } from "../../../lib/sessions/tls/types.ts";
import type { Transport } from "../../../lib/sessions/transport.ts";
import { memoryPair } from "../../support/memory_pair.ts";
import { within } from "../../support/within.ts";

/** Handshakes that end when a test says so. */
class ByHand implements TlsSource {
  readonly certificate = { names: "", notBefore: 0, notAfter: 0 };
  readonly begun: PromiseWithResolvers<Transport>[] = [];
  readonly abandoned: number[] = [];

  handshake(): Handshake {
    const outcome = Promise.withResolvers<Transport>();
    const number = this.begun.push(outcome) - 1;
    const abandon = (): void => {
      this.abandoned.push(number);
      outcome.reject(new HandshakeError("failed", "abandoned"));
    };
    return { done: outcome.promise, abandon };
  }
}

Deno.test("where there are too many handshakes the oldest goes, and those that are done are none", async () => {
  const source = new ByHand();
  const told: unknown[] = [];
  const log = { ...SILENT_LOG, warn: (event: string, fields = {}) => void told.push([event, fields]) };
  const handshakes = new Handshakes({ clock: SYSTEM_CLOCK, log, turned: () => Promise.resolve(), most: 2 });
  const [transport] = memoryPair();
  const accepted = { transport, listener: PUBLISHERS, address: "10.0.0.1:5" };
  const shake = (): Promise<Transport | undefined> => handshakes.shake(accepted, source);
  const first = shake();
  const second = shake();
  source.begun[1]!.resolve(transport);
  assertEquals(await within("the second", second), transport);
  const third = shake();
  assertEquals([handshakes.size, source.abandoned], [2, []]);
  const fourth = shake();
  assertEquals(await within("the first", first), undefined);
  assertEquals([handshakes.size, source.abandoned], [2, [0]]);
  const reason = "more than 2 at a time";
  const fields = { listener: "publishers", address: "10.0.0.1:5", reason, times: 1 };
  assertEquals(told, [["TLS handshake failed", fields]]);
  handshakes.close();
  assertEquals(await within("the others", Promise.all([third, fourth])), [undefined, undefined]);
  assertEquals(handshakes.size, 0);
});
