/**
 * All tables.
 *
 * @module
 */
import type { Table } from "../exchange.ts";
import { CLASSIC_GOODBYES, CLASSIC_LINES_AND_BYTES, CLASSIC_REQUESTS } from "./classic.ts";
import { PATTERNS_OF_CLASSIC, TOPICS } from "./topics.ts";

export const TABLES: readonly Table[] = [
  CLASSIC_REQUESTS,
  CLASSIC_LINES_AND_BYTES,
  CLASSIC_GOODBYES,
  TOPICS,
  PATTERNS_OF_CLASSIC,
];
