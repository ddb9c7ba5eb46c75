/**
 * A limit for every test, so that one that hangs is a red test with a name: what waits for a program, a
 * connection or a message need not bound each wait. `deno task test` loads it before the tests.
 *
 * @module
 */

/**
 * The slowest test takes a fifth of it while all run beside one another. A test may set a limit of its own.
 * What runs tests by the hundred to see them fail asks for a shorter one.
 */
const LIMIT_MS = Number(Deno.env.get("TEST_LIMIT_MS") ?? 60_000);
/** So much later the runner ends one that does not even let timers run. */
const LATER_MS = 5_000;

type Body = Deno.TestDefinition["fn"];

/** The test, which fails after so many milliseconds and says where it stands. */
export function limited(test: Deno.TestDefinition, ms: number): Deno.TestDefinition {
  const limit = test.timeout ?? ms;
  const late = new Error(
    `"${test.name}" is not over after ${limit / 1000} s: it waits for what does not come`,
  );
  const fn: Body = async (t) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = new Promise<never>((_, reject) => timer = setTimeout(() => reject(late), limit));
    try {
      await Promise.race([test.fn(t), over]);
    } finally {
      clearTimeout(timer);
    }
  };
  return { ...test, fn, timeout: limit + LATER_MS };
}

/** What `Deno.test` was called with, as one definition. */
export function definitionOf(args: readonly unknown[]): Deno.TestDefinition {
  const parts = args.map((arg) => {
    if (typeof arg === "string") return { name: arg };
    if (typeof arg === "function") return { fn: arg as Body, ...(arg.name === "" ? {} : { name: arg.name }) };
    return arg as Partial<Deno.TestDefinition>;
  });
  // a name that is given wins over that of the function
  return Object.assign({}, ...parts.reverse());
}

/** From now on every test has the limit. */
function limitAll(): void {
  const test = Deno.test;
  const register = (...args: readonly unknown[]): void => test(limited(definitionOf(args), LIMIT_MS));
  Object.defineProperty(Deno, "test", { value: Object.assign(register, test), configurable: true });
}

limitAll();
