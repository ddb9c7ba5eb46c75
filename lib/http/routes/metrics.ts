/**
 * What Prometheus scrapes.
 *
 * @module
 */
import { CONTENT_TYPE, expositionOf } from "../metrics/exposition.ts";
import { GroupsReader, seenBy } from "../metrics/reading.ts";
import { TopicLabels } from "../metrics/topic_labels.ts";
import type { App, Site } from "../types.ts";

/** `/metrics`. With accounts any of them may read it, and sees what it may receive by name. */
export function addMetrics(app: App, { broker }: Site): void {
  const labels = new TopicLabels(broker.topics);
  const groups = new GroupsReader(broker);
  app.get("/metrics", async (asked) => {
    const reading = {
      groups: await groups.read(),
      snapshot: broker.snapshot(),
      topics: labels.read(),
      resident: Deno.memoryUsage().rss,
    };
    const text = expositionOf(seenBy(asked.var.grant, reading));
    return asked.body(text, 200, { "content-type": CONTENT_TYPE });
  });
}
