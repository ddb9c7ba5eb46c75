import { assertEquals } from "@std/assert";
import { REQUEST_BYTES_A_SECOND, REQUEST_MS } from "../../lib/limits.ts";
import { RequestWatch } from "../../lib/sessions/request_watch.ts";

Deno.test("a request may take half a minute, and a second more for each 64 KiB of it that have come", () => {
  const watch = new RequestWatch();
  watch.reading = true;
  assertEquals(watch.tick(REQUEST_MS - 1, 1), false);
  assertEquals(watch.tick(1, REQUEST_BYTES_A_SECOND), false);
  assertEquals(watch.tick(1000, REQUEST_BYTES_A_SECOND), true);
});

Deno.test("neither silence between requests nor time in which nothing is read counts", () => {
  const watch = new RequestWatch();
  watch.reading = true;
  assertEquals(watch.tick(10 * REQUEST_MS, 0), false);
  watch.reading = false;
  assertEquals(watch.tick(10 * REQUEST_MS, 5), false);
  watch.reading = true;
  assertEquals(watch.tick(REQUEST_MS / 2, 5), false);
  watch.finished();
  assertEquals(watch.tick(REQUEST_MS / 2 + 1, 5), false);
});

Deno.test("a request has its time to the millisecond, the longer the more of it has come", () => {
  for (const [unread, most] of [[1, 30_000], [64 * 1024, 31_000], [640 * 1024, 40_000]] as const) {
    const watch = new RequestWatch();
    watch.reading = true;
    assertEquals(watch.tick(most - 1, unread), false, `${unread}`);
    assertEquals(watch.tick(2, unread), true, `${unread}`);
  }
});
