/**
 * The log as the core sees it: an event's name and its fields, no sentence to parse and no library.
 *
 * @module
 */

/** What an event carries. Texts from peers go in as they are; whoever prints them escapes them. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Where events go. Never throws: a log that cannot be written does not stop the broker. */
export interface Log {
  /** What only who looks for an error needs. */
  debug(event: string, fields?: LogFields): void;
  /** What happens now and then, as it should. */
  info(event: string, fields?: LogFields): void;
  /** What somebody may have to look at. */
  warn(event: string, fields?: LogFields): void;
  /** What somebody has to do something about. */
  error(event: string, fields?: LogFields): void;
}

/** The null log: for tests and for programs that embed hashbus and want silence. */
export const SILENT_LOG: Log = {
  debug(): void {},
  info(): void {},
  warn(): void {},
  error(): void {},
};
