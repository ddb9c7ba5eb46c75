/**
 * Bytes that count how often one of them is read by itself: what is taken as words, or not looked at, is not.
 *
 * @module
 */

/** The same bytes, in the same memory, and how many single reads there were of them. */
export function countedReads<Memory extends ArrayBufferLike>(
  bytes: Uint8Array<Memory>,
): { readonly counted: Uint8Array<Memory>; reads(): number } {
  let reads = 0;
  const counted = new Proxy(bytes, {
    get(target, key): unknown {
      if (typeof key === "string" && /^\d+$/.test(key)) reads++;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { counted, reads: () => reads };
}
