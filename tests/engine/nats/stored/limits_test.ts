import { assertEquals } from "@std/assert";
import * as limits from "../../../../lib/engine/nats/stored/limits.ts";

Deno.test("what is on its way to JetStream is bounded, and what has no answer is refused after 15 s (N8)", () => {
  assertEquals({ ...limits }, {
    SENT_BYTES_MOST: 4_194_304,
    SENT_MOST: 8_192,
    RESEND_MS: 5_000,
    PATIENCE_MS: 15_000,
    AGAIN_MS: 250,
    ASK_MOST: 512,
    ASK_BYTES: 1_048_576,
    ACK_WAIT_MORE_MS: 5_000,
    RETRY_MS: 500,
  });
});
