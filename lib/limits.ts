/**
 * Every bound in one place: what a peer can make the broker hold, and how long it may take over it.
 *
 * @module
 */

const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * What can be set, on the command line as `--max-<name>` or in the config file.
 * docs/protocol.md says what breaking each gets.
 */
export interface Limits {
  /** Bytes of a line without its LF (64 KiB). Range 512 B to 1 MiB. */
  readonly line: number;
  /** Bytes of a v2 payload (8 MiB). Range 1 KiB to 256 MiB. */
  readonly payload: number;
  /** Bytes of a topic or pattern with its `#` (255). Range 16 to 4,096. */
  readonly topic: number;
  /** Patterns one connection may be subscribed to (1,000). */
  readonly patterns: number;
  /** Connections at once, over both ports (10,000). */
  readonly connections: number;
  /** Topics that are stored: they stay when nothing is left of their messages (1,000,000). */
  readonly topics: number;
  /** Groups that are stored: they stay when nobody is in them (1,000). */
  readonly groups: number;
  /** Bytes that may be held for one connection that reads too slowly (64 MiB). */
  readonly outbox: number;
  /** Bytes that all connections together may make the broker keep (1 GiB): see held_memory.ts. */
  readonly memory: number;
}

/** One settable limit, for the command line, the config file and the docs. */
export interface LimitSpec {
  readonly key: keyof Limits;
  readonly unit: "bytes" | "count";
  readonly fallback: number;
  readonly least: number;
  readonly most: number;
  /** What is limited, to follow "most". */
  readonly meaning: string;
}

/** The settable limits with their ranges; {@link DEFAULT_LIMITS} is made of these. */
export const LIMIT_SPECS: readonly LimitSpec[] = [
  { key: "line", unit: "bytes", fallback: 64 * KIB, least: 512, most: MIB, meaning: "bytes in a line" },
  {
    key: "payload",
    unit: "bytes",
    fallback: 8 * MIB,
    least: KIB,
    most: 256 * MIB,
    meaning: "bytes in a v2 payload",
  },
  {
    key: "topic",
    unit: "bytes",
    fallback: 255,
    least: 16,
    most: 4096,
    meaning: "bytes in a topic or pattern",
  },
  {
    key: "patterns",
    unit: "count",
    fallback: 1000,
    least: 1,
    most: 1_000_000,
    meaning: "patterns one connection subscribes to",
  },
  {
    key: "connections",
    unit: "count",
    fallback: 10_000,
    least: 1,
    most: 1_000_000,
    meaning: "connections at once, over both ports",
  },
  {
    key: "topics",
    unit: "count",
    fallback: 1_000_000,
    least: 1,
    most: 1_000_000_000,
    meaning: "topics that are stored",
  },
  {
    key: "groups",
    unit: "count",
    fallback: 1000,
    least: 1,
    most: 1_000_000,
    meaning: "groups that are stored",
  },
  {
    key: "outbox",
    unit: "bytes",
    fallback: 64 * MIB,
    least: MIB,
    most: 4096 * MIB,
    meaning: "bytes held for one slow connection",
  },
  {
    key: "memory",
    unit: "bytes",
    fallback: 1024 * MIB,
    least: 64 * MIB,
    most: 1024 * 1024 * MIB,
    meaning: "bytes kept for all connections together",
  },
];

/** The limits a broker has when nobody says otherwise. */
export const DEFAULT_LIMITS: Limits = Object.fromEntries(
  LIMIT_SPECS.map((spec) => [spec.key, spec.fallback]),
) as unknown as Limits;

/**
 * All limits of a broker that is told some. Where the limit of memory is not told it grows with those that
 * need it: one full outbox, or a payload and what it is converted to, are to fit.
 */
export function limitsWith(told: Partial<Limits>): Limits {
  const limits = { ...DEFAULT_LIMITS, ...told };
  const memory = told.memory ?? Math.max(DEFAULT_LIMITS.memory, limits.outbox, 2 * limits.payload);
  return { ...limits, memory };
}

/** The largest limits a broker can be set to. */
export const LARGEST_LIMITS: Limits = Object.fromEntries(
  LIMIT_SPECS.map((spec) => [spec.key, spec.most]),
) as unknown as Limits;

/** Bytes a connection's first read buffer has: what an idle connection costs. */
export const READ_BUFFER_LEAST = 64;
/** Bytes a read buffer grows to while its connection is busy. */
export const READ_BUFFER_MOST = 256 * KIB;
/** Bytes of the chunks that small segments are gathered into, at first and when more waits. */
export const GATHER_LEAST = 2 * KIB;
export const GATHER_BYTES = 64 * KIB;
/** A segment of at least so many bytes may be written from where it lies instead of being gathered. */
export const GATHER_SEGMENT_MOST = 16 * KIB;
/**
 * Bytes of chunks that one slow connection may keep from being used again for whatever lies in them; beyond,
 * only for a segment that is an eighth of its chunk and more: such chunks are many connections' together.
 */
export const PINNED_MOST = 1 * MIB;
export const PINNED_PART = 8;
/** What a segment takes beside its bytes: itself, its place in lists and in a map. Measured, bytes. */
export const SEGMENT_BYTES = 192;
/** Queued bytes from which a reply and a delivery may leave in one write; below it they leave apart (C9). */
export const JOIN_REPLIES_FROM = 4 * KIB;
/**
 * Messages with fields in one run: what reads their fields (ids, to be stored) takes some microseconds a
 * message, and a run is handled in one step.
 */
export const RUN_FIELDS_MOST = 128;
/** An outbox above this many bytes makes the publishers that feed it wait (policy block). */
export const HIGH_WATER = 1 * MIB;
/** It lets them go on when it has come down to this many. */
export const LOW_WATER = 256 * KIB;
/** So many times these marks is what it may take to keep that: segments of a byte, parts of large chunks. */
export const HELD_FACTOR = 4;
/**
 * Bytes that the unanswered requests of one connection make the broker keep, from which it is not read from
 * until some have their answers.
 */
export const REPLIES_HIGH_WATER = 1 * MIB;
/** What a reply counts that has to wait: what the objects of one take. */
export const REPLY_BYTES = 128;
/** What a request counts that takes work to answer: 64 of one connection wait at a time. */
export const ASKED_BYTES = REPLIES_HIGH_WATER / 64;
/** Bytes that wait to be stored, objects included, from which publishers of durable topics have to wait. */
export const LOG_HIGH_WATER = 16 * MIB;
/** Runs that may always wait to be stored; beyond, it is twice what commits take. */
export const LOG_PIECES_LEAST = 1024;
/** What a run that is being stored counts beside its bytes: what its objects take, measured. */
export const PIECE_BYTES = 640;
/** What the ids of a run count until it is stored, those that count up together as one: measured. */
export const CLAIM_BYTES = 256;
/** Bytes and runs of one commit: so much is written, and handed on, before it is others' turn. */
export const COMMIT_BYTES_MOST = 8 * MIB;
export const COMMIT_PIECES_MOST = 4096;
/** Where so much took longer than this beside the fsync, milliseconds, it is less, down to the least. */
export const COMMIT_MS = 6;
export const COMMIT_PIECES_LEAST = 256;
/**
 * Where more than this part of a commit waits, every second one takes only what those bring who had nothing
 * waiting, and no more than this part.
 */
export const COMMIT_SHORT_PART = 1 / 8;
/** Topics of one commit that nothing was stored in before: these take the store longest. */
export const COMMIT_NEW_TOPICS_MOST = 128;
/** Runs and bytes of one publisher that are taken into a commit before it is the next one's turn. */
export const COMMIT_TURN_PIECES = 64;
export const COMMIT_TURN_BYTES = 256 * KIB;
/** The same of who had nothing waiting before: it is everybody's first turn, and soon over. */
export const COMMIT_FIRST_PIECES = 8;
export const COMMIT_FIRST_BYTES = 16 * KIB;
/** Runs of a commit, and deliveries of them, that are handed on in one turn: about a millisecond of work. */
export const HAND_ON_WORK = 1024;
/** How long a message's id is remembered (`--dedup-window`), milliseconds, and how many are at most. */
export const DEDUP_WINDOW_MS = 120_000;
export const DEDUP_IDS_MOST = 1_000_000;
/** Bytes that remembered ids may take, and the part of `--max-memory` they may if that is less. */
export const DEDUP_BYTES_MOST = 128 * MIB;
export const DEDUP_PART = 1 / 8;
/** How far ahead a message may be published (`delay=`, `at=`), and how long it may be of use (`ttl=`). */
export const DELAY_MOST_MS = 365 * 86_400_000;
export const TTL_SECONDS = { least: 0.001, most: 999_999_999 } as const;
/** The part of `--retain-bytes` that messages may take which wait until they are due. */
export const DELAYED_PART = 1 / 2;
/** Bytes of what is due that are brought from the store at a time. */
export const DELAYED_SLICE_BYTES = 256 * KIB;
/** Topics with full subscribers beside which what is due to others goes on. */
export const DELAYED_TOPICS_STOPPED_MOST = 256;
/** When what is due and could not be stored is tried again, milliseconds. */
export const DELAYED_RETRY_MS = 1000;
/** Bytes of an `id=`, as it is written. */
export const ID_BYTES_MOST = 255;
/** Bytes that a replay reads from the store at a time: the first time, and when it goes on and on. */
export const REPLAY_PAGE_LEAST = 64 * KIB;
export const REPLAY_PAGE_BYTES = 1 * MIB;
/** Milliseconds that a member of a group may hold a stored message, and how often one is given out. */
export const ACK_TIMEOUT_MS = 30_000;
export const ATTEMPTS_MOST = 5;
/** Bytes of stored messages that wait for the members of one group before no more is read for it. */
export const GROUP_AHEAD_BYTES = 256 * KIB;
/** Messages of a group by keys that wait for the members of their keys while others go on (G13). */
export const GROUP_ASIDE_MOST = 4096;
/**
 * Topics whose subscribers are remembered between publishes, in each of two generations; when the younger is
 * full the older is forgotten.
 */
export const ROUTES_MOST = 131_072;
/** Bytes that those of one generation take, their subscribers counted. */
export const ROUTES_BYTES_MOST = 64 * MIB;
/** Above so many bytes a generation lasts no longer than this, milliseconds. */
export const ROUTES_BYTES_KEPT = 1 * MIB;
export const ROUTES_AGE_MS = 20_000;
/**
 * Segments of a topic and of a pattern (T1): what a pattern costs to keep and to match grows with them. Twice
 * what NATS advises (16) and four times what AWS takes (8), so that nobody's hierarchy comes near.
 */
export const SEGMENTS_MOST = 32;
/**
 * Kinds of patterns with two and more `*` there may be at once, by where they have them: a message is looked
 * up once for each. Programs have a handful; those with one `*` or none need no bound, there are 561 at most.
 */
export const PATTERN_SHAPES_MOST = 512;

/**
 * Bytes of a topic or pattern over NATS, whose server takes control lines of 4 KiB: a subject, and a pattern
 * in the name of a queue, fit one.
 */
export const SUBJECT_TOPIC_MOST = 1 * KIB;
/** Bytes of messages that NATS has not answered for, from which publishers wait. */
export const ENGINE_WINDOW_BYTES = 2 * MIB;
/** Bytes that are packed into one message of NATS. */
export const ENGINE_PACK_BYTES = 64 * KIB;
/** How long publishers wait where NATS is away until what they publish is refused, milliseconds. */
export const ENGINE_AWAY_MS = 3_000;
/**
 * Bytes from other brokers that may wait for subscribers that are full; beyond, they are given it all the
 * same, or it is dropped for a group.
 */
export const ENGINE_ROOM_BYTES = 64 * MIB;
/** What one run there takes beside its bytes. */
export const ENGINE_ROOM_RUN_BYTES = 512;
/**
 * Bytes that came between asking NATS and its answer: so many lie before this broker, and from the first on
 * other brokers' publishers wait, up to the second. NATS itself cuts off who lies back by 64 MiB.
 */
export const ENGINE_BEHIND_MOST = 4 * MIB;
export const ENGINE_BEHIND_LEAST = 1 * MIB;
/** Bytes after which it is asked again. */
export const ENGINE_BEHIND_ASK = 256 * KIB;
/** How often a broker that is full says so again, and how long that holds, milliseconds. */
export const ENGINE_FULL_AGAIN_MS = 500;
export const ENGINE_FULL_KEPT_MS = 2_000;
/** Patterns that one broker says are full; beyond, it says that all are. */
export const ENGINE_FULL_PATTERNS_MOST = 64;

/** Messages of a group that wait for one member (`window=`, G3), and how many may. */
export const GROUP_WINDOW = 256;
export const GROUP_WINDOW_MOST = 65_536;
/** For so long a member may keep a message back from the others when it gives it back, milliseconds. */
export const GIVEN_BACK_MOST_MS = 24 * 60 * 60 * 1000;

/** Work after which the event loop turns, and after which somebody else has a turn, milliseconds. */
export const SLICE_MS = 2;
export const TURN_MS = 1;
/** The same for a turn in a crowd, in which a round takes about half a millisecond. */
export const CROWD_TURN_MS = 0.25;
/** Work a turn may do, in messages to one subscriber each. */
export const TURN_WORK_MOST = 8192;
/** A read of fewer bytes is little to do. */
export const LITTLE_BYTES = 4 * KIB;
/** Operations the runtime does in one round: it stops at 128, of which some are not for connections. */
export const ROUND_PLACES = 120;
/** Those that a read takes: itself, and what is written to the subscriber and to the publisher. */
export const READ_PLACES = 3;
/**
 * Rounds in which a reply may wait for the next in a crowd, so many at most that are told together; and the
 * replies that leave at once before it is tried again with who had waited for it, at first and at last.
 */
export const HOLD_ROUNDS = 3;
/** In a larger crowd the next request comes later than so many rounds: connections. */
export const HOLD_CROWD_MOST = HOLD_ROUNDS * ROUND_PLACES;
export const HELD_OKS_MOST = 16;
export const HOLD_PAUSE_LEAST = 4;
export const HOLD_PAUSE_MOST = 256;
/** More connections than this are a crowd: so many have room in a round whatever they do. */
export const CROWD = 60;
/** Connections to the port of HTTP at a time, which have their part of the descriptors. */
export const HTTP_CONNECTIONS_MOST = 2_000;
/** File descriptors that are left for what is no connection: files that are read again, HTTP. */
export const DESCRIPTORS_KEPT = 64;
/** Connections that are accepted before the event loop turns. */
export const ACCEPTED_A_ROUND = 16;

/**
 * The heap is collected when the process has grown by so many bytes, or so many that were kept for peers have
 * been let go since, after so many looks (one a second) at which the process used no more than this part of a
 * core, unless so many bytes are kept for peers or more, for a collection takes some 10 ms for each 50 MiB
 * that are alive, or since the last look so many more or less (128 connections).
 */
export const QUIET_HEAP_GROWTH = 8 * MIB;
export const QUIET_LOOKS = 10;
export const QUIET_PART = 0.25;
export const QUIET_HEAP_LIVE_MOST = 64 * MIB;
export const QUIET_HEAP_MOVES = 2 * MIB;
/** What an idle connection's objects take, bytes, for that sum. */
export const CONNECTION_BYTES = 16 * KIB;

/**
 * How long a handshake of TLS may take, milliseconds, from its being accepted to its end whatever comes
 * meanwhile, and how many there may be at a time: beyond, the one that began first ends.
 */
export const HANDSHAKE_MS = 2_000;
export const HANDSHAKES_MOST = 1_024;
/** How long an outbox may take no byte before its connection is cut off (`--stall-timeout`), milliseconds. */
export const STALL_TIMEOUT_MS = 5_000;
/**
 * Bytes that may come on a connection before somebody is let in, and that are kept for all who are not, and
 * how long they may take (`--login-timeout`), milliseconds.
 */
export const LOGIN_BYTES_MOST = 8 * KIB;
export const LOBBY_BYTES = 16 * MIB;
export const LOGIN_TIMEOUT_MS = 10_000;
/** Connections that are told that time has passed before the event loop turns. */
export const TOLD_A_TURN = 256;
/** Those who take too long are ended over so many milliseconds, and some of them each so many. */
export const LATE_WITHIN_MS = 250;
export const LATE_PACE_MS = 1;
/** Connections from one address where there are accounts and nobody says otherwise. */
export const CONNECTIONS_PER_ADDRESS = 1000;
/** How long a request may take to come, milliseconds, and for how many bytes it may take a second more. */
export const REQUEST_MS = 30_000;
export const REQUEST_BYTES_A_SECOND = 64 * KIB;
/** What is unread may always grow to so many bytes, however much is kept. */
export const UNREAD_LEAST = 4 * KIB;
/** A line of the log about what happens often comes at most every so often, milliseconds. */
export const SELDOM_MS = 10_000;
/** How long a broker may take to end behind SIGTERM (`--drain-timeout`), milliseconds. */
export const DRAIN_TIMEOUT_MS = 10_000;
/** How long what is being written may take until a connection that is given up can be told why. */
export const LAST_WORDS_MS = 500;
/** The longest a timer can be set to, milliseconds: some 24 days. */
export const TIMER_MOST_MS = 2 ** 31 - 1;

for (const spec of LIMIT_SPECS) {
  check(
    spec.least <= spec.fallback && spec.fallback <= spec.most,
    `the range of --max-${spec.key} holds its default`,
  );
}
check(2 * CROWD <= ROUND_PLACES, "without a crowd each may read and write in one round");
check(CROWD_TURN_MS <= TURN_MS && TURN_MS <= SLICE_MS, "a turn fits a slice");
check(LOW_WATER < HIGH_WATER, "publishers are let go below the mark at which they are held");
check(GATHER_SEGMENT_MOST <= GATHER_BYTES, "a gathered segment fits the gathering buffer");
check(
  LARGEST_LIMITS.memory >=
    limitsWith({ outbox: LARGEST_LIMITS.outbox, payload: LARGEST_LIMITS.payload }).memory,
  "memory can be set to what the largest outbox and payload need",
);
check(ENGINE_BEHIND_LEAST < ENGINE_BEHIND_MOST, "brokers are let go below the mark at which they are held");
check(
  3 * ENGINE_FULL_AGAIN_MS <= ENGINE_FULL_KEPT_MS,
  "who is full has said so again before it is forgotten",
);
check(LOGIN_BYTES_MOST <= LOBBY_BYTES, "who logs in fits the lobby");
check(READ_BUFFER_LEAST <= READ_BUFFER_MOST, "read buffers grow");
check(2 * READ_BUFFER_MOST <= HIGH_WATER, "one read does not fill an outbox");

function check(holds: boolean, relation: string): void {
  if (!holds) throw new Error(`limits.ts contradicts itself: ${relation}`);
}
