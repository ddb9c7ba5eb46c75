/**
 * The broker: takes messages on one port and hands each to every subscriber of its topic on another.
 *
 *     deno run -A broker.ts -s -p
 *
 * @module
 */
import { countOf } from "./lib/text.ts";
import { runCheck } from "./lib/cli/broker/data_check.ts";
import { exportLines } from "./lib/cli/broker/export.ts";
import { importMessages } from "./lib/cli/broker/import.ts";
import { BROKER, limitsOf, planBroker } from "./lib/cli/broker/options.ts";
import { serve } from "./lib/cli/broker/serve.ts";
import { runMain } from "./lib/cli/main.ts";
import { printLine } from "./lib/cli/output/stdio.ts";
import { stopOnSignals } from "./lib/cli/process/signals.ts";

await runMain(BROKER, async (options) => {
  const { quiet } = options;
  const plan = planBroker(options);
  if (plan.kind === "serve") return await serve(options);
  if (plan.kind === "hash secret") {
    const { secretToHash } = await import("./lib/cli/broker/accounts/hash_secret.ts");
    printLine(await secretToHash());
    return 0;
  }
  if (plan.kind === "groups") {
    const { runGroups } = await import("./lib/cli/broker/groups/job.ts");
    return await runGroups(plan.dir, plan.job);
  }
  const { checkStore, exportMessages, headerProblem, Importer, recordOf } = await import(
    "./lib/store/mod.ts"
  );
  switch (plan.kind) {
    case "check":
      return runCheck((report) => checkStore(plan.dir, report), { dir: plan.dir, quiet });
    case "export": {
      const messages = exportMessages(plan.dir, plan.pattern);
      await exportLines({ messages, target: Deno.stdout, stop: stopOnSignals(), quiet });
      return 0;
    }
    case "import": {
      const limits = limitsOf(options);
      const { wireProblem } = await import("./lib/cli/broker/wire_rules.ts");
      const payload = new Uint8Array(0);
      const imported = await importMessages({
        path: plan.path,
        limits,
        problemOf: (message) =>
          headerProblem(message, limits.line) ?? wireProblem(recordOf({ ...message, payload }), limits),
        open: () => Importer.open(plan.dir),
        stop: stopOnSignals(),
        quiet,
      });
      printLine(`${plan.dir}: ${countOf(imported, "message")} imported`);
      return 0;
    }
  }
});
