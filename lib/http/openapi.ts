/**
 * The routes for machines: OpenAPI 3.1. A test holds it against what is routed and against answers.
 *
 * @module
 */
import { PAGE, PAGE_MOST } from "./limits.ts";

type Json = Readonly<Record<string, unknown>>;

const integer = { type: "integer", minimum: 0 };
const number = { type: "number" };
const text = { type: "string" };
const yes = { type: "boolean" };
const time = { type: "string", format: "date-time" };
const orNull = (schema: Json): Json => ({ anyOf: [schema, { type: "null" }] });
const list = (items: Json): Json => ({ type: "array", items });

/** All but those named `optional` are always there. */
function object(properties: Readonly<Record<string, Json>>, optional: readonly string[] = []): Json {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` });

function page(things: string, schema: string): Json {
  return object({ [things]: list(ref(schema)), total: integer, next: orNull(text) });
}

const topic = {
  topic: text,
  durable: yes,
  subscribers: integer,
  messages: integer,
  bytes: integer,
  rate: number,
  byte_rate: number,
  first: orNull(integer),
  last: orNull(integer),
};

const SCHEMAS: Readonly<Record<string, Json>> = {
  Problem: object({ title: text, status: integer, code: text, detail: text, messages: integer }, [
    "messages",
  ]),
  Broker: object({
    version: text,
    time,
    started: time,
    ready: yes,
    reason: orNull(text),
    you: object({ account: orNull(text), administrator: yes }),
    listeners: list(object({ name: text, address: text, tls: yes })),
    durable: list(text),
    totals: object({
      published: integer,
      published_bytes: integer,
      delivered: integer,
      delivered_bytes: integer,
      dropped: integer,
      expired: integer,
      unsent: integer,
      refused: integer,
      redelivered: integer,
      dead: integer,
      disconnects: { type: "object", additionalProperties: integer },
    }),
    rates: object({
      over_ms: integer,
      published: number,
      published_bytes: number,
      delivered: number,
      delivered_bytes: number,
      dropped: number,
      refused: number,
    }),
    connections: integer,
    slow: integer,
    subscriptions: integer,
    topics: integer,
    replays: integer,
    groups: integer,
    memory: object({ held_bytes: integer, most_bytes: integer, resident_bytes: integer }),
    outbox: object({ queued_bytes: integer }),
    write: orNull(object({ p50_ms: orNull(number), p99_ms: orNull(number) })),
    store: orNull(object({
      topics: integer,
      batches: integer,
      bytes: integer,
      stored: integer,
      commits: integer,
      batch_messages: orNull(number),
      commit_ms: orNull(number),
      commit_p50_ms: orNull(number),
      commit_p99_ms: orNull(number),
      trimmed: integer,
      delayed: integer,
      delayed_bytes: integer,
    })),
    engine: orNull(object({
      kind: text,
      server: text,
      up: yes,
      reconnects: integer,
      received: integer,
      received_bytes: integer,
      sent: integer,
      sent_bytes: integer,
      pending_bytes: integer,
      refused: integer,
      unreadable: integer,
    })),
  }),
  Topic: object(topic),
  OneTopic: object({
    ...topic,
    subscriptions: list(
      object({ connection: integer, id: text, pattern: text, group: orNull(text), slow: yes }),
    ),
  }),
  Topics: page("topics", "Topic"),
  Connection: object({
    number: integer,
    listener: text,
    id: text,
    account: orNull(text),
    address: text,
    protocol: text,
    queued_bytes: integer,
    held_bytes: integer,
    dropped: integer,
    slow: yes,
    waits: yes,
    subscription_count: integer,
    subscriptions: list(object({ pattern: text, slow: text })),
    group_count: integer,
    groups: list(object({ name: text, pattern: text, window: integer, ack: text })),
  }),
  Connections: page("connections", "Connection"),
  Group: object({
    name: text,
    pattern: text,
    members: integer,
    lag: integer,
    outstanding: integer,
    ack: orNull(text),
    oldest: orNull(time),
  }),
  Groups: page("groups", "Group"),
  Message: object(
    {
      time,
      topic: text,
      seq: integer,
      id: text,
      key: text,
      ttl: number,
      reply: text,
      headers: { type: "object", additionalProperties: text },
      payload: text,
      payload_base64: text,
    },
    ["time", "seq", "id", "key", "ttl", "reply", "headers", "payload", "payload_base64"],
  ),
  Messages: object({ messages: list(ref("Message")), next: orNull(text) }),
  Published: object(
    { topic: text, seq: integer, subscribers: integer, messages: integer, last: integer },
    ["seq", "subscribers", "messages", "last"],
  ),
};

function query(name: string, schema: Json, description: string): Json {
  return { name, in: "query", required: false, schema, description };
}

function inPath(name: string, description: string): Json {
  return { name, in: "path", required: true, schema: text, description };
}

function header(name: string, description: string): Json {
  return { name, in: "header", required: false, schema: text, description };
}

const LIMIT = query("limit", { type: "integer", minimum: 1, maximum: PAGE_MOST, default: PAGE }, "how many");
const AFTER = query("after", text, "what the page before ended with: take its `next` instead");

function json(schema: string, description: string): Json {
  return { description, content: { "application/json": { schema: ref(schema) } } };
}

const PROBLEM = {
  description: "what was wrong, and what to do",
  content: { "application/problem+json": { schema: ref("Problem") } },
};

function operation(
  summary: string,
  responses: Readonly<Record<string, Json>>,
  more: Json = {},
): Json {
  return { summary, ...more, responses: { ...responses, default: PROBLEM } };
}

function plain(summary: string, type: string): Json {
  return operation(summary, { "200": { description: summary, content: { [type]: { schema: text } } } });
}

const BODY = {
  description: "the payload",
  content: { "*/*": { schema: { type: "string", format: "binary" } } },
};
const LINES = {
  description: "a payload a line",
  content: { "application/x-ndjson": { schema: { type: "string" } } },
};
const PUBLISH_HEADERS = [
  header("Hashbus-Key", "the key"),
  header("Hashbus-Ttl", "seconds after which nobody needs it"),
  header("Hashbus-Id", "its id"),
  header("Hashbus-Reply", "the topic to answer to"),
  header("Hashbus-Delay", "seconds until it is delivered"),
];

/** By path, and in each by method. */
const PATHS: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  "/healthz": {
    get: { ...operation("whether it lives", { "200": { description: "it does" } }), security: [] },
  },
  "/readyz": {
    get: {
      ...operation("whether it is of use", {
        "200": { description: "it is" },
        "503": { description: "it is not, and why" },
      }),
      security: [],
    },
  },
  "/metrics": { get: plain("what Prometheus reads", "text/plain") },
  "/api/openapi.json": { get: plain("this document", "application/json") },
  "/api/broker": { get: operation("the broker", { "200": json("Broker", "totals, rates, memory, store") }) },
  "/api/topics": {
    get: operation("topics", { "200": json("Topics", "a page") }, {
      parameters: [
        query("sort", { enum: ["name", "rate"] }, "their order"),
        LIMIT,
        AFTER,
        query("match", text, "those that a pattern takes in"),
        query("contains", text, "those in whose name this stands"),
      ],
    }),
  },
  "/api/topics/{topic}": {
    get: operation("one topic", { "200": json("OneTopic", "with who is subscribed to it") }, {
      parameters: [inPath("topic", "percent-encoded")],
    }),
  },
  "/api/topics/{topic}/messages": {
    get: operation("stored messages", { "200": json("Messages", "a page") }, {
      parameters: [
        inPath("topic", "a topic or pattern, percent-encoded"),
        query("from", text, "earliest, latest, -10, a sequence number, -10m or a time"),
        query("to", text, "a sequence number, -10m or a time"),
        LIMIT,
        AFTER,
      ],
    }),
    post: operation("publish", { "201": json("Published", "it is acknowledged") }, {
      parameters: [inPath("topic", "percent-encoded"), ...PUBLISH_HEADERS],
      requestBody: { ...BODY, content: { ...BODY.content, ...LINES.content } },
    }),
  },
  "/api/topics/{topic}/stream": {
    get: {
      ...plain("messages as they come", "text/event-stream"),
      parameters: [
        inPath("topic", "a topic or pattern, percent-encoded"),
        query("from", text, "as for stored messages, or now"),
        query("slow", { enum: ["block", "drop-new", "drop-old", "disconnect"] }, "when it cannot keep up"),
        query("last_event_id", text, "as the header Last-Event-ID"),
      ],
    },
  },
  "/api/connections": {
    get: operation("connections", { "200": json("Connections", "a page") }, {
      parameters: [query("sort", { enum: ["number", "queued"] }, "their order"), LIMIT, AFTER],
    }),
  },
  "/api/connections/{number}": {
    delete: operation("disconnect one", { "204": { description: "it is over" } }, {
      parameters: [inPath("number", "its number")],
    }),
  },
  "/api/groups": {
    get: operation("groups", { "200": json("Groups", "a page") }, { parameters: [LIMIT, AFTER] }),
  },
};

/** The document. */
export const OPENAPI = {
  openapi: "3.1.0",
  info: {
    title: "hashbus",
    version: "1",
    description: "A broker over HTTP: docs/http.md says it in words.",
  },
  security: [{}, { basic: [] }, { bearer: [] }],
  paths: PATHS,
  components: {
    schemas: SCHEMAS,
    securitySchemes: {
      basic: { type: "http", scheme: "basic" },
      bearer: { type: "http", scheme: "bearer", bearerFormat: "user:token" },
    },
  },
};
