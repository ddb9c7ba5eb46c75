/** Throws unless `expr` is truthy. */
export function assert(expr: unknown, msg?: string): asserts expr;
/** Throws unless the two are deeply equal. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void;
/** Throws if the two are deeply equal. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void;
/** Throws unless the two are the same value (Object.is). */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T;
/** Throws unless `actual` contains `expected`. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void;
/** Throws unless `actual` matches. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void;
/** Throws if `actual` matches. */
export function assertNotMatch(actual: string, expected: RegExp, msg?: string): void;
/** Throws unless actual > expected. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void;
/** Throws unless actual >= expected. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void;
/** Throws unless actual < expected. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void;
/** Throws unless actual <= expected. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void;
/** Throws if `actual` is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T>;
// deno-lint-ignore no-explicit-any -- a constructor takes any arguments
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;
/** Throws unless `fn` throws an `errorClass` whose message includes `msgIncludes`; returns the error. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
/** Rejects unless `fn` rejects with an `errorClass` whose message includes `msgIncludes`; gives the error. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
/** Throws. */
export function fail(msg?: string): never;
