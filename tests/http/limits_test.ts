/** The bounds of the port are those that docs/http.md tells of, and those that the OpenAPI document has. */
import { assertEquals } from "@std/assert";
import * as limits from "../../lib/http/limits.ts";
import { OPENAPI } from "../../lib/http/openapi.ts";
import { HTTP_CONNECTIONS_MOST } from "../../lib/limits.ts";

const docs = (await Deno.readTextFile(new URL("../../docs/http.md", import.meta.url))).replace(/\s+/g, " ");

/** The number in the docs at the place of `N`. */
function told(sentence: string): number {
  const [before, behind] = sentence.split("N");
  const at = docs.indexOf(before!);
  const [, number = ""] = /^(\d+(?:,\d+)*)/.exec(docs.slice(at + before!.length)) ?? [];
  assertEquals(docs.slice(at + before!.length + number.length).startsWith(behind!), true, sentence);
  return Number(number.replaceAll(",", ""));
}

const SECOND = 1000;
const KIB = 1024;
const MIB = 1024 * KIB;

Deno.test("how long who asks may take, and how much is taken, are as they are documented", () => {
  assertEquals(limits.HEADER_MS, told("whole within N seconds up to the end of its header") * SECOND);
  assertEquals(limits.HEADER_BYTES_MOST, told("its header, which is at most N KiB") * KIB);
  assertEquals(limits.IDLE_MS, told("brings nothing for N seconds") * SECOND);
  assertEquals(limits.KEEP_ALIVE_MS, told("an idle connection after N seconds") * SECOND);
  assertEquals(limits.PIPELINED_MOST, told("who sends more than N behind one that is not answered"));
  assertEquals(HTTP_CONNECTIONS_MOST, told("There are at most N connections to this port"));
});

Deno.test("how much an answer has is as it is documented", () => {
  assertEquals(limits.PAGE, told("`limit=` (N, at most"));
  assertEquals(limits.PAGE_MOST, told("`limit=` (100, at most N) says how"));
  assertEquals(limits.MESSAGES_BYTES_MOST, told("An answer ends early once it has N MiB") * MIB);
  assertEquals(limits.PER_CONNECTION_MOST, told("Each lists N subscriptions and groups at most"));
  assertEquals(limits.STREAM_COMMENT_MS, told("After N seconds of silence at most a comment comes") * SECOND);
});

Deno.test("bodies have five minutes and 64 MiB together, and a browser comes again after a second", () => {
  assertEquals([limits.BODY_MS, limits.BODIES_BYTES_MOST], [5 * 60 * SECOND, 64 * MIB]);
  assertEquals(limits.STREAM_RETRY_MS, SECOND);
});

Deno.test("the OpenAPI document says of a limit and of whole numbers what they may be", () => {
  const { paths, components } = OPENAPI as unknown as {
    readonly paths: Record<string, { get: { parameters: { name: string; schema: unknown }[] } }>;
    readonly components: { readonly schemas: Record<string, { properties: Record<string, unknown> }> };
  };
  const limit = paths["/api/topics"]!.get.parameters.find(({ name }) => name === "limit");
  assertEquals(limit?.schema, { type: "integer", minimum: 1, maximum: 1000, default: 100 });
  assertEquals(components.schemas["Topics"]?.properties["total"], { type: "integer", minimum: 0 });
});
