import { assertEquals, assertThrows } from "@std/assert";
import { Refused } from "../../../lib/http/page/api.js";
import { headersOf } from "../../../lib/http/page/publish.js";

Deno.test("fields of a message become headers of the request, percent-encoded where they must be", () => {
  assertEquals(headersOf({ key: "", headers: " " }), {});
  assertEquals(headersOf({ key: "k ü%", headers: "trace=a=b  by=%" }), {
    "Hashbus-Key": "k%20%C3%BC%25",
    "Hashbus-Header-trace": "a=b",
    "Hashbus-Header-by": "%25",
  });
});

Deno.test("a header that cannot be one is refused by its word", () => {
  for (const word of ["trace", "Trace=1", "a:b=1", "=1"]) {
    assertThrows(() => headersOf({ key: "", headers: `ok=1 ${word}` }), Refused, `"${word}" is no header`);
  }
});
