/**
 * All tables, by the broker they are for.
 *
 * @module
 */
import type { Table } from "../exchange.ts";
import { CLASSIC_GOODBYES, CLASSIC_LINES_AND_BYTES, CLASSIC_REQUESTS } from "./classic.ts";
import { LOGGED_IN, NOT_LOGGED_IN } from "./accounts.ts";
import { FIELDS } from "./fields.ts";
import { FRAME_LENGTHS, FRAME_VERBS } from "./frames.ts";
import { STRANGERS, STRANGERS_AT_V2, STRANGERS_WHO_SUBSCRIBE } from "./strangers.ts";
import { HTTP_FRAMING, HTTP_ORIGINS, HTTP_REQUESTS } from "./http.ts";
import { TLS_PORT } from "./tls.ts";
import { GROUPS, SETTLEMENTS, SUBSCRIPTIONS } from "./subscriptions.ts";
import { PATTERNS_OF_CLASSIC, TOPICS } from "./topics.ts";

export const TABLES: readonly Table[] = [
  CLASSIC_REQUESTS,
  CLASSIC_LINES_AND_BYTES,
  CLASSIC_GOODBYES,
  TOPICS,
  PATTERNS_OF_CLASSIC,
  FRAME_LENGTHS,
  FRAME_VERBS,
  FIELDS,
  SUBSCRIPTIONS,
  GROUPS,
  SETTLEMENTS,
  STRANGERS,
  STRANGERS_AT_V2,
  STRANGERS_WHO_SUBSCRIBE,
];

/** For a broker with accounts. */
export const TABLES_OF_ACCOUNTS: readonly Table[] = [...NOT_LOGGED_IN, ...LOGGED_IN];

/** For a broker with an HTTP port. */
export const TABLES_OF_HTTP: readonly Table[] = [HTTP_FRAMING, HTTP_REQUESTS, HTTP_ORIGINS];

/** Each so many of what is said without TLS is said inside TLS as well. */
const INSIDE_TLS_EVERY = 10;

/** For a broker with TLS. */
export const TABLES_OF_TLS: readonly Table[] = [
  TLS_PORT,
  ...TABLES.map((table): Table => ({
    ...table,
    title: `inside TLS, ${table.title}`,
    on: `TLS ${table.on as "publishers" | "subscribers"}`,
    rows: table.rows.filter((_, at) => at % INSIDE_TLS_EVERY === 3),
  })),
];
