/**
 * Bounds of what the HTTP port takes, and how long who asks may take over it.
 *
 * @module
 */
const KIB = 1024;
const MIB = 1024 * KIB;

/** Bytes of a request's line and header together. */
export const HEADER_BYTES_MOST = 16 * KIB;
/** Milliseconds until a request's header has to be whole. */
export const HEADER_MS = 10_000;
/** Bytes of a body that are read ahead of who takes it, and of an answer ahead of the socket. */
export const UNREAD_BYTES_MOST = 16 * KIB;
/** Milliseconds until a body that is kept in memory has to be whole. */
export const BODY_MS = 300_000;
/** Milliseconds in which a connection has to bring or take something while a request is in hand. */
export const IDLE_MS = 30_000;
/** Milliseconds that a connection without a request is kept. */
export const KEEP_ALIVE_MS = 5_000;
/** Requests that a connection may send ahead of the answer to the one before them. */
export const PIPELINED_MOST = 16;
/** Bytes of bodies that are kept in memory at a time; one is, however large. */
export const BODIES_BYTES_MOST = 64 * MIB;
/** Things in a list: where nothing is said, and at most. */
export const PAGE = 100;
export const PAGE_MOST = 1_000;
/** Bytes of messages in an answer. */
export const MESSAGES_BYTES_MOST = 8 * MIB;
/** Subscriptions and groups of a connection that are listed. */
export const PER_CONNECTION_MOST = 20;
/** Milliseconds of silence after which a stream says that it is there. */
export const STREAM_COMMENT_MS = 15_000;
/** Milliseconds until a browser is to connect again. */
export const STREAM_RETRY_MS = 1_000;
