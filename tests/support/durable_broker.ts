import { type RunningBroker, startBroker } from "./broker.ts";

/** A broker with a store of its own, which goes with it. */
export async function startDurable(args: readonly string[] = []): Promise<RunningBroker> {
  const data = await Deno.makeTempDir();
  return await startBroker(["--data", data, ...args], {
    after: () => Deno.remove(data, { recursive: true }),
  });
}
