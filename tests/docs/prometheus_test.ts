/** The rules and the dashboard that are given with the broker, run against a real Prometheus over a real scrape. */
import { assert, assertEquals } from "@std/assert";
import { Program } from "../../scripts/program.ts";
import { connectSubscriber } from "../../lib/mod.ts";
import { METRICS } from "../../lib/http/metrics/definitions.ts";
import { type RunningHttp, startHttp } from "../support/http.ts";
import { freePort } from "../support/ports.ts";
import { has, promtool } from "../support/promtool.ts";
import { within } from "../support/within.ts";

const RULES = new URL("../../docs/examples/prometheus_rules.yml", import.meta.url).pathname;
const DASHBOARD = new URL("../../docs/examples/grafana_dashboard.json", import.meta.url).pathname;
const OPERATIONS = new URL("../../docs/operations.md", import.meta.url).pathname;
const MISSING = !await has("prometheus") || !await has("promtool");
const WHY = MISSING ? " (skipped: Debian's prometheus is not installed)" : "";

/** All queries of the dashboard, as a Prometheus takes them. */
async function queries(): Promise<readonly string[]> {
  const { panels } = JSON.parse(await Deno.readTextFile(DASHBOARD)) as {
    readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  };
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => filled(expr)));
}

/** What Grafana fills in. */
function filled(expr: string): string {
  return expr.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".+");
}

/** The queries of the rules. */
async function alerts(): Promise<readonly string[]> {
  return [...(await Deno.readTextFile(RULES)).matchAll(/^\s+expr: (.+)$/gm)].map(([, expr]) => expr!);
}

function metricsIn(text: string): string[] {
  return [...text.matchAll(/\bhashbus_[a-z_]+/g)].map(([name]) => name.replace(/_(?:bucket|sum|count)$/, ""));
}

Deno.test("the rules, the dashboard and the document name metrics that there are, and the document all of them", async () => {
  const known = METRICS.map(({ name }) => name);
  for (const query of [...await queries(), ...await alerts()]) {
    for (const name of metricsIn(query)) assert(known.includes(name), `${name} of ${query}`);
  }
  const documented = new Set(metricsIn(await Deno.readTextFile(OPERATIONS)));
  for (const name of documented) assert(known.includes(name), `docs/operations.md has ${name}`);
  assertEquals(
    known.filter((name) => !documented.has(name)),
    [],
    "metrics that docs/operations.md leaves out",
  );
});

Deno.test({
  name: `promtool finds nothing wrong with the alert rules${WHY}`,
  ignore: MISSING,
  fn: async () => {
    const { success, said } = await promtool(["check", "rules", "--lint=all", "--lint-fatal", RULES]);
    assert(success, said);
  },
});

Deno.test({
  name:
    `a Prometheus that scrapes a broker answers every query of the dashboard, and knows every alert${WHY}`,
  ignore: MISSING,
  fn: async () => {
    await using http = await startHttp({ http: { hostname: "127.0.0.1" } });
    await using member = await connectSubscriber({ id: "m1", port: http.portOf("subscribers") });
    await member.subscribe("#a", { group: "g", ack: "explicit" });
    const dir = await Deno.makeTempDir();
    try {
      const config = `global: { scrape_interval: 250ms, evaluation_interval: 250ms }
rule_files: ["${RULES}"]
scrape_configs:
  - job_name: hashbus
    static_configs: [{ targets: ["127.0.0.1:${http.port}"] }]
`;
      await Deno.writeTextFile(`${dir}/prometheus.yml`, config);
      const port = freePort();
      await using prometheus = Program.start([
        "prometheus",
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ], { name: "prometheus" });
      await prometheus.line(/Server is ready to receive web requests/);
      await scrapes(http, port);
      for (const query of await queries()) {
        const { status, data } = await ask(port, `query?query=${encodeURIComponent(query)}`);
        assertEquals([status, data.resultType], ["success", "vector"], query);
        assert(data.result.length > 0, `nothing comes for ${query}`);
        for (const { value } of data.result) assert(value[1] !== "", query);
      }
      const { data } = await ask(port, "rules");
      const rules = data.groups[0].rules as { readonly health: string; readonly name: string }[];
      assertEquals(rules.filter(({ health }) => health !== "ok").map(({ name }) => name), []);
      assertEquals(rules.length, (await alerts()).length);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});

/** Publishes until two scrapes have seen it: rates need two. */
async function scrapes(http: RunningHttp, port: number): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    await http.publish("#a", "x");
    await http.ask("/api/topics/a..b");
    const query = 'count_over_time(hashbus_published_messages_total{job="hashbus"}[1m]) >= 4';
    const { data } = await ask(port, `query?query=${encodeURIComponent(query)}`);
    if (data.result.length > 0) return;
    assert(Date.now() < deadline, "Prometheus did not scrape");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// deno-lint-ignore no-explicit-any -- Prometheus' JSON
async function ask(port: number, what: string): Promise<any> {
  const response = await within(what, fetch(`http://127.0.0.1:${port}/api/v1/${what}`));
  return await response.json();
}
