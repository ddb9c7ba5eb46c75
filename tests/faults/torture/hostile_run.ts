/**
 * Sets a hostile client on a broker.
 *
 * @module
 */
import type { HostileReport, HostileTask } from "./hostile_worker.ts";

/** So much later than it should it is taken for hung. */
const LATE_MS = 15_000;

/** Runs one kind until it leaves. */
export async function beHostile(task: HostileTask): Promise<HostileReport> {
  const worker = new Worker(new URL("./hostile_worker.ts", import.meta.url), { type: "module" });
  let late: ReturnType<typeof setTimeout> | undefined;
  try {
    return await new Promise<HostileReport>((resolve, reject) => {
      worker.onmessage = (event: MessageEvent<HostileReport>): void => resolve(event.data);
      worker.onerror = (event): void => {
        event.preventDefault();
        reject(new Error(`${task.kind}: ${event.message}`));
      };
      late = setTimeout(
        () => resolve({ sent: 0, received: 0, connections: 0, waited: 0, cut: "does not leave" }),
        task.ms + LATE_MS,
      );
      worker.postMessage(task);
    });
  } finally {
    clearTimeout(late);
    worker.terminate();
  }
}
