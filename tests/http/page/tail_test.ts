import { assertEquals } from "@std/assert";
import { Refused } from "../../../lib/http/page/api.js";
import { Tail } from "../../../lib/http/page/tail.js";
import { within } from "../../support/within.ts";

type View = Tail["view"];

/** What one request for the stream brings: its events, or what it is refused with. */
type Script = string | Refused;

/** Streams one after another; what was asked for is kept. The last one stays open. */
class Scripted {
  readonly asked: { readonly path: string; readonly after: string | undefined }[] = [];
  readonly #scripts: Script[];

  constructor(...scripts: Script[]) {
    this.#scripts = scripts;
  }

  stream(
    path: string,
    { after }: { readonly after: string | undefined },
  ): Promise<ReadableStreamDefaultReader<Uint8Array>> {
    this.asked.push({ path, after });
    const script = this.#scripts.shift() ?? "";
    if (script instanceof Refused) return Promise.reject(script);
    const isLast = this.#scripts.length === 0;
    const bytes = new ReadableStream<Uint8Array>({
      start(controller): void {
        controller.enqueue(new TextEncoder().encode(script));
        if (!isLast) controller.close();
      },
    });
    return Promise.resolve(bytes.getReader());
  }
}

function message(seq: number, payload = `${seq}`): string {
  return `id: 1 ${seq} #a\ndata: ${
    JSON.stringify({ time: "2026-01-02T03:04:05.678Z", topic: "#a", seq, payload })
  }\n\n`;
}

const OPEN = 'event: open\ndata: {"pattern":"#a"}\n\n';

/** Runs a tail until its view is as wanted. */
async function until(
  api: Scripted,
  from: string,
  wanted: (view: View) => boolean,
  behindMs = 60_000,
): Promise<View> {
  const { promise, resolve } = Promise.withResolvers<View>();
  const onChange = (view: View): void => {
    if (wanted(view)) resolve(view);
  };
  const tail = new Tail(api, { pattern: "#a", from, onChange, againMs: 1, behindMs });
  try {
    return await within("the view that is wanted", promise);
  } finally {
    tail.stop();
  }
}

function texts(view: View): string[] {
  return view.entries.map((entry) =>
    entry.kind === "message" ? entry.text : entry.kind === "gap" ? `gap ${entry.missed}` : "note"
  );
}

Deno.test("a tail that was cut off goes on behind the last message that it had", async () => {
  const api = new Scripted(
    OPEN + message(1) + message(2),
    new Refused(0, "it cannot be reached"),
    OPEN + message(3),
  );
  const view = await until(api, "earliest", ({ seen }) => seen === 3);
  assertEquals(texts(view), ["3", "2", "1"]);
  assertEquals(api.asked.map(({ after }) => after), [undefined, "1 2 #a", "1 2 #a"]);
  assertEquals(api.asked[0]?.path, "/api/topics/%23a/stream?slow=drop-old&from=earliest");
  assertEquals(view.phase, "open");
});

Deno.test("a tail ends for good where it may not look, and where the broker says so", async () => {
  for (
    const [script, reason] of [
      [new Refused(403, "not for you"), "not for you"],
      [`${OPEN}event: end\ndata: {"code":"DENIED","detail":"no longer"}\n\n`, "no longer"],
    ] as const
  ) {
    const api = new Scripted(script, "");
    const view = await until(api, "", ({ phase }) => phase === "ended");
    assertEquals(view.reason, reason);
    assertEquals(api.asked.length, 1);
  }
});

Deno.test("a broker that stops, or cannot answer, is tried again", async () => {
  const end = 'event: end\ndata: {"code":"DRAINING","detail":"the broker stops"}\n\n';
  const api = new Scripted(OPEN + end, new Refused(503, "it is stopping"), OPEN);
  await until(api, "", ({ phase }) => phase === "open" && api.asked.length === 3);
});

Deno.test("gaps and the end of what was stored stand between the messages; the last 200 entries are kept", async () => {
  const many = Array.from({ length: 250 }, (_, at) => message(at + 1)).join("");
  const gap = 'event: gap\ndata: {"missed":7}\n\n';
  const live = "event: live\ndata: {}\n\n";
  const api = new Scripted(OPEN + many + gap + live + message(300));
  const view = await until(api, "earliest", ({ seen }) => seen === 251);
  assertEquals(texts(view).slice(0, 4), ["300", "note", "gap 7", "250"]);
  assertEquals(view.entries.length, 200);
});

Deno.test("a live tail that does not catch up begins anew with what comes now, a replay goes on", async () => {
  // any time is too long
  const behindMs = -1;
  const live = "event: live\ndata: {}\n\n";
  const tail = new Scripted(OPEN + message(1), OPEN + message(9));
  const view = await until(tail, "", ({ seen }) => seen === 2, behindMs);
  assertEquals(texts(view).slice(-3), ["9", "note", "1"]);
  assertEquals(tail.asked.map(({ after }) => after).slice(0, 2), [undefined, undefined]);

  const replay = new Scripted(OPEN + message(1), OPEN + message(2) + live, OPEN + message(9));
  await until(replay, "earliest", ({ seen }) => seen === 3, 60_000);
  assertEquals(replay.asked.map(({ after }) => after), [undefined, "1 1 #a", "1 2 #a"]);
});

Deno.test("of a long payload the beginning is kept", async () => {
  const view = await until(new Scripted(OPEN + message(1, "x".repeat(5000))), "", ({ seen }) => seen === 1);
  const [entry] = view.entries;
  assertEquals(entry?.kind === "message" && [entry.text.length, entry.cut], [4000, 1000]);
});
