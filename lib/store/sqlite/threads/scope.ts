/**
 * What a thread sees of its own scope.
 *
 * @module
 */

/** A worker's `globalThis`, as far as it is needed. */
export interface Scope {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  close(): void;
  onmessage: ((event: MessageEvent) => void) | null;
}
