/**
 * A deadline for one wait, so that what does not come is told by name instead of by the limit of a whole test.
 *
 * @module
 */

/** Long on a machine that is busy with other tests, short beside the limit of a test, whatever that is set to. */
const PATIENCE_MS = Math.min(20_000, Number(Deno.env.get("TEST_LIMIT_MS") ?? 60_000) / 2);

/** What is waited for. `what` says so in the error, if only when it has to. */
export async function within<T>(
  what: string | (() => string),
  coming: Promise<T>,
  ms: number = PATIENCE_MS,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const text = typeof what === "string" ? what : what();
    reject(new Error(`${text} did not come within ${ms / 1000} s`));
  }, ms);
  try {
    return await Promise.race([coming, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until something is the case, which is asked every few milliseconds. What does not become so is told. */
export async function become(is: () => boolean, ms: number = PATIENCE_MS): Promise<void> {
  let given = false;
  const asked = async (): Promise<void> => {
    while (!given && !is()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  try {
    await within(() => String(is), asked(), ms);
  } finally {
    given = true;
  }
}
