/** What is on stdin while a test runs, in the place of the process's own. */

/** Each piece is what one read brings; behind them is the end, or where `open` nothing comes any more. */
export async function withStdin<T>(
  pieces: readonly (string | Uint8Array)[],
  work: () => Promise<T>,
  { open = false, terminal = false }: { readonly open?: boolean; readonly terminal?: boolean } = {},
): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(Deno, "stdin")!;
  const encoder = new TextEncoder();
  const left = pieces.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece);
  const read = (into: Uint8Array): Promise<number | null> => {
    const piece = left.shift();
    if (piece === undefined) return open ? new Promise(() => {}) : Promise.resolve(null);
    into.set(piece);
    return Promise.resolve(piece.length);
  };
  const readable = ReadableStream.from(left.map((piece) => piece.slice()));
  Object.defineProperty(Deno, "stdin", {
    value: { read, readable, isTerminal: () => terminal },
    configurable: true,
  });
  try {
    return await work();
  } finally {
    Object.defineProperty(Deno, "stdin", own);
  }
}
