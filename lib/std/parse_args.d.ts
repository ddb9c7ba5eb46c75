/** What may be told to {@link parseArgs}; only what hashbus uses is declared. */
export interface ParseOptions {
  readonly string?: readonly string[];
  readonly boolean?: readonly string[];
  readonly collect?: readonly string[];
  readonly alias?: Readonly<Record<string, string | readonly string[]>>;
  readonly "--"?: boolean;
  readonly stopEarly?: boolean;
  readonly unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}
/** Options by name, the arguments that belong to none under `_`. */
export type Args = Record<string, unknown> & { _: Array<string | number>; "--"?: string[] };
/** Takes a command line apart. */
export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
