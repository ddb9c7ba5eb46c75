import { assert, assertEquals, assertMatch } from "@std/assert";
import { connectSubscriber } from "../../../lib/mod.ts";
import { METRICS } from "../../../lib/http/metrics/definitions.ts";
import { startHttp } from "../../support/http.ts";
import { LINK, linkedEngine } from "../../support/linked_engine.ts";
import { has, promtool } from "../../support/promtool.ts";

const NO_PROMTOOL = !await has("promtool");
/** A skip says why in the test's name. */
const NEEDS_PROMTOOL = NO_PROMTOOL ? " (skipped: promtool is not installed)" : "";

/** The number behind a name with its labels. */
function value(text: string, series: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

Deno.test("a scrape has the numbers of the broker, its topics, groups and store", async () => {
  await using http = await startHttp({ version: "1.2.3" });
  await using member = await connectSubscriber({ id: "m1", port: http.portOf("subscribers") });
  await member.subscribe("#a", { group: "billing", ack: "explicit" });
  for (let at = 0; at < 3; at++) await http.publish("#a", "x");
  await http.publish("#b", "x");
  const { text, headers } = await http.ask("/metrics");
  assertEquals(headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (
    const [series, expected] of [
      ['hashbus_info{version="1.2.3"}', 1],
      ["hashbus_ready", 1],
      ["hashbus_published_messages_total", 4],
      ['hashbus_topic_messages_total{topic="#a"}', 3],
      ['hashbus_topic_messages_total{topic="#b"}', 1],
      ['hashbus_topic_messages_total{topic="other"}', 0],
      ['hashbus_connections{listener="subscribers"}', 1],
      ['hashbus_connections{listener="publishers"}', 0],
      ["hashbus_store_messages_total", 4],
      ["hashbus_store_topics", 2],
      ["hashbus_store_topics_limit", 1_000_000],
      ['hashbus_group_lag_messages{group="billing",pattern="#a"}', 3],
      ['hashbus_group_members{group="billing",pattern="#a"}', 1],
      ['hashbus_ended_connections_total{reason="quit"}', 4],
    ] as const
  ) {
    assertEquals(value(text, series), expected, `${series}\n${text}`);
  }
  const count = value(text, "hashbus_write_seconds_count")!;
  assert(count > 0);
  assertEquals(value(text, 'hashbus_write_seconds_bucket{le="+Inf"}'), count);
});

Deno.test("an engine that others share is told of while it is reached and while it is not, and nothing of one that is the broker's own", async () => {
  const state = { link: LINK };
  await using http = await startHttp({ store: undefined, engine: linkedEngine(state) });
  const { text } = await http.ask("/metrics");
  for (
    const [series, expected] of [
      ["hashbus_engine_up", 1],
      ["hashbus_engine_reconnects_total", 1],
      ["hashbus_engine_received_messages_total", 2],
      ["hashbus_engine_received_bytes_total", 300],
      ["hashbus_engine_sent_messages_total", 4],
      ["hashbus_engine_sent_bytes_total", 500],
      ["hashbus_engine_pending_bytes", 60],
      ["hashbus_engine_refused_messages_total", 7],
      ["hashbus_engine_unreadable_messages_total", 8],
      ["hashbus_ready", 1],
    ] as const
  ) {
    assertEquals(value(text, series), expected, `${series}\n${text}`);
  }
  state.link = { ...LINK, up: false };
  const away = (await http.ask("/metrics")).text;
  assertEquals([value(away, "hashbus_engine_up"), value(away, "hashbus_ready")], [0, 0]);
  const { status, text: why } = await http.ask("/readyz");
  assertEquals([status, JSON.parse(why).reason], [503, "NATS at 10.0.0.7:4222 is away"]);
  await using own = await startHttp({ store: undefined });
  assert(!(await own.ask("/metrics")).text.includes("hashbus_engine"));
});

Deno.test("what there is none of has no metric, and every name is one of those that are defined", async () => {
  await using http = await startHttp({ store: undefined });
  const { text } = await http.ask("/metrics");
  assert(!text.includes("hashbus_store_"), text);
  const known = METRICS.map(({ name }) => name);
  for (const [, name] of text.matchAll(/^# TYPE (\S+)/gm)) assert(known.includes(name!), name);
});

Deno.test({
  name:
    `promtool finds nothing wrong with a scrape, whatever topics and versions are called${NEEDS_PROMTOOL}`,
  ignore: NO_PROMTOOL,
  fn: async () => {
    await using http = await startHttp({ version: 'a"b\\c\nd' });
    await using member = await connectSubscriber({ id: "m1", port: http.portOf("subscribers") });
    await member.subscribe("#a", { group: "g" });
    for (const topic of ['#quote"', "#back\\slash", "#\\n", "#ü.{}", "#<img", "#other", "#_"]) {
      await http.publish(topic, "x");
    }
    const { text } = await http.ask("/metrics");
    assertMatch(text, /topic="#quote\\""/);
    assertMatch(text, /topic="#back\\\\slash"/);
    const { success, said } = await promtool(["check", "metrics"], text);
    assertEquals([success, said], [true, ""]);
  },
});
