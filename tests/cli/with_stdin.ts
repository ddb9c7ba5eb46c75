/** What is on stdin while a test runs, in the place of the process's own. */
import { standIn } from "./stand_in.ts";

/** Each piece is what one read brings; behind them is the end, or where `open` nothing comes any more. */
export async function withStdin<T>(
  pieces: readonly (string | Uint8Array)[],
  work: () => Promise<T>,
  { open = false, terminal = false }: { readonly open?: boolean; readonly terminal?: boolean } = {},
): Promise<T> {
  const encoder = new TextEncoder();
  const left = pieces.map((piece) => typeof piece === "string" ? encoder.encode(piece) : piece);
  const read = (into: Uint8Array): Promise<number | null> => {
    const piece = left.shift();
    if (piece === undefined) return open ? new Promise(() => {}) : Promise.resolve(null);
    into.set(piece);
    return Promise.resolve(piece.length);
  };
  const readable = ReadableStream.from(left.map((piece) => piece.slice()));
  using _stdin = standIn(Deno, "stdin", { read, readable, isTerminal: () => terminal } as typeof Deno.stdin);
  return await work();
}
