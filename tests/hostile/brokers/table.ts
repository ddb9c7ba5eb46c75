/**
 * What hostile brokers say to our clients, and what becomes of that.
 *
 * @module
 */

/**
 * Who hears it: a publisher with a message under way, a subscriber that asks for `#a`, or each of them. Its broker
 * has answered hello by then, or has just been said hello to.
 */
export type Hearer = "publisher" | "subscriber" | "both";

/**
 * What becomes of it: the client ends with a RunError of which this is a part; what it asked is refused with a code;
 * or it goes on, as the next answer shows.
 */
export type Outcome = RegExp | { readonly refused: string } | "goes on";

export type BrokerRow = readonly [what: string, hearer: Hearer, says: string | Uint8Array, outcome: Outcome];

const BROKE = /the broker broke protocol 2: /;
const CAME = /the broker broke protocol 2: ".*" came/;
const INSIDE = /the broker closed the connection in the middle of an answer|in the middle of a message/;
const ESCAPES = "\u001b[2J\u001b]0;owned\u0007\u202e";

/** Behind hello: the first line stands for the answer to what was asked. */
export const FRAMES_OF_BROKERS: readonly BrokerRow[] = [
  ["an ok of no number", "both", "ok\n", CAME],
  ["an ok of nothing but a space", "both", "ok \n", CAME],
  ["an ok of a minus", "both", "ok -1\n", CAME],
  ["an ok of a decimal", "both", "ok 1.5\n", CAME],
  ["an ok of an exponent", "both", "ok 1e3\n", CAME],
  ["an ok of base 16", "both", "ok 0x1\n", CAME],
  ["an ok of 16 digits", "both", "ok 9007199254740993\n", CAME],
  ["an ok of 400 digits", "both", `ok ${"9".repeat(400)}\n`, CAME],
  ["an ok of no number at all", "both", "ok NaN\n", CAME],
  ["an ok with two spaces", "both", "ok  1\n", CAME],
  ["an ok in capitals, as a classic broker says it", "both", "OK\n", CAME],
  ["an ok of none, and then one", "both", "ok 0\nok 1\n", "goes on"],
  ["an ok of one too many", "both", "ok 2\n", /answered 2 requests that were not made/],
  ["an ok twice", "both", "ok 1\nok 1\n", /answered 1 requests that were not made/],
  ["an ok of all there can be", "both", "ok 999999999999999\n", /answered 999999999999999 requests/],
  ["an ok with receipts that are none", "both", "ok 1 seq=x level= subs=-1 last=1e9 from\n", "goes on"],
  ["an ok with a thousand fields", "both", `ok 1${" k=v".repeat(1000)}\n`, "goes on"],
  ["an err of no code", "both", "err\n", CAME],
  ["an err of nothing but a space", "both", "err \n", CAME],
  ["an err of a code that nobody knows", "both", "err SOMETHING_NEW it is\n", { refused: "SOMETHING_NEW" }],
  ["an err of a code that every object has", "both", "err constructor it is\n", { refused: "constructor" }],
  ["an err that would clear the screen", "both", `err BUSY ${ESCAPES}\n`, { refused: "BUSY" }],
  ["an err of 60,000 characters", "both", `err BUSY ${"x".repeat(60_000)}\n`, { refused: "BUSY" }],
  ["an err twice", "both", "err BUSY a\nerr BUSY b\n", /refused a request that was not made/],
  ["a bye of no code", "both", "bye\n", CAME],
  ["a bye that nobody asked for", "both", "bye QUIT goodbye\n", /the broker said bye QUIT: goodbye/],
  ["a bye that would clear the screen", "both", `bye X ${ESCAPES}\n`, /the broker said bye X: \\x1b\[2J/],
  ["a bye with a code that would", "both", `bye ${ESCAPES} x\n`, /the broker said bye \\x1b/],
  ["a bye of 60,000 characters", "both", `bye X ${"y".repeat(60_000)}\n`, /the broker said bye X: y+/],
  ["a gap of no number", "subscriber", "gap #a\n", CAME],
  ["a gap of a minus", "subscriber", "gap #a -1\n", CAME],
  ["a gap of a pattern that nobody asked for", "subscriber", "gap #nobody 7\nok 1\n", "goes on"],
  ["a gap of a group that nobody is in", "subscriber", "gap #a 7 group=nobody\nok 1\n", "goes on"],
  ["a gap to a publisher", "publisher", "gap #a 7\nok 1\n", "goes on"],
  ["a verb that nobody knows", "both", "pleasewait 1\n", CAME],
  ["a verb that every object has", "both", "constructor 1\n", CAME],
  ["a request", "both", "sub #a\n", CAME],
  ["a verb that would clear the screen", "both", `${ESCAPES}\n`, CAME],
  ["an empty line", "both", "\n", CAME],
  ["a line of NULs", "both", "\0\0\0\0\n", CAME],
  ["bytes that are no UTF-8", "both", Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0x0a), CAME],
  ["an answer of HTTP", "both", "HTTP/1.1 400 Bad Request\r\n\r\n", CAME],
  ["a thousand pongs that nobody asked for", "both", "pong\n".repeat(1000) + "ok 1\n", "goes on"],
  ["a message to a publisher", "publisher", "pub #a 1\nx\nok 1\n", "goes on"],
  ["a message that nobody asked for", "subscriber", "pub #nobody 1\nx\nok 1\n", "goes on"],
  ["a message of no length", "both", "pub #a\n", /a delivery without a length came/],
  ["a message of an empty length", "both", "pub #a \nx\n", BROKE],
  ["a message of a negative length", "both", "pub #a -1\nx\n", BROKE],
  ["a message of a length with an exponent", "both", "pub #a 1e309\nx\n", BROKE],
  ["a message of a length of base 16", "both", "pub #a 0x10\nx\n", BROKE],
  ["a message of a decimal length", "both", "pub #a 1.5\nx\n", BROKE],
  ["a message of 2^31 bytes", "both", "pub #a 2147483648\nx\n", /a delivery of "2147483648/],
  ["a message of a byte more than there may be", "both", "pub #a 268435457\nx\n", /a delivery of "268435457/],
  ["a message of a length past all counting", "both", `pub #a ${"9".repeat(400)}\nx\n`, BROKE],
  ["a message that is shorter than it says", "both", "pub #a 1\nxyz\n", /does not end after its 1 bytes/],
  ["a message without its LF", "both", "pub #a 1\nxpub #a 1\nx\n", /does not end after its 1 bytes/],
  ["a batch of nothing", "subscriber", "batch #a 0 0 seq=1 ts=1\n", CAME],
  ["a batch of no number", "subscriber", "batch #a x 11 seq=1 ts=1\n", CAME],
  ["a batch of a negative length", "subscriber", "batch #a 1 -11 seq=1 ts=1\n", CAME],
  ["a batch without a number", "subscriber", "batch #a 1 11 ts=1\npub #a 1\nx\n", CAME],
  ["a batch without a time", "subscriber", "batch #a 1 11 seq=1\npub #a 1\nx\n", CAME],
  [
    "a batch with a number of 16 digits",
    "subscriber",
    "batch #a 1 11 seq=9007199254740993 ts=1\npub #a 1\nx\n",
    CAME,
  ],
  ["a batch with a time that is none", "subscriber", "batch #a 1 11 seq=1 ts=now\npub #a 1\nx\n", CAME],
  [
    "a batch of an attempt that is none",
    "subscriber",
    "batch #a 1 11 group=g seq=1 ts=1 attempt=0\npub #a 1\nx\n",
    CAME,
  ],
  ["a batch of a group without a name", "subscriber", "batch #a 1 11 group=\npub #a 1\nx\n", CAME],
  [
    "a batch that holds less than it says",
    "subscriber",
    "batch #a 1 12 seq=1 ts=1\npub #a 1\nx\n",
    /not as long as it says/,
  ],
  [
    "a batch that holds more than it says",
    "subscriber",
    "batch #a 1 5 seq=1 ts=1\npub #a 1\nx\n",
    /not as long as it says/,
  ],
  [
    "a batch of two that is as long as one",
    "subscriber",
    "batch #a 2 11 seq=1 ts=1\npub #a 1\nx\npub #a 1\nx\n",
    /not as long as/,
  ],
  [
    "a batch to another topic",
    "subscriber",
    "batch #a 1 11 seq=1 ts=1\npub #b 1\nx\n",
    /a message to another topic/,
  ],
  [
    "an answer within a batch",
    "subscriber",
    "batch #a 2 22 seq=1 ts=1\npub #a 1\nx\nok 1\n",
    /"ok 1" came within a batch/,
  ],
  [
    "a batch within a batch",
    "subscriber",
    "batch #a 2 22 seq=1 ts=1\nbatch #a 1 11 seq=1 ts=1\n",
    /came within a batch/,
  ],
  [
    "a batch of a group that it is not in",
    "subscriber",
    "batch #a 1 11 group=nobody\npub #a 1\nx\nok 1\n",
    "goes on",
  ],
  ["an info that is no JSON", "both", "info {\nok 1\n", "goes on"],
  ["an info of another kind", "both", 'info "text"\ninfo 7\ninfo true\nok 1\n', "goes on"],
  [
    "an info that changes what all objects have",
    "both",
    'info {"__proto__":{"polluted":1},"max":{"__proto__":{"line":1}}}\nok 1\n',
    "goes on",
  ],
  [
    "an info of limits that are none",
    "both",
    'info {"max":{"line":-5,"payload":"x"},"ackTimeout":-1,"maxAttempts":1e400}\nok 1\n',
    "goes on",
  ],
  [
    "an info that something nobody asked for is live",
    "both",
    'info {"live":"#nobody"}\ninfo {"end":"#nobody"}\nok 1\n',
    "goes on",
  ],
  [
    "an info that something nobody asked for has failed",
    "both",
    `info {"failed":"#nobody","reason":${JSON.stringify(ESCAPES)}}\nok 1\n`,
    "goes on",
  ],
  ["JSON of 10,000 levels", "both", `info ${"[".repeat(10_000)}${"]".repeat(10_000)}\nok 1\n`, "goes on"],
  ["JSON of 10,000 levels without an end", "both", `info ${'{"a":'.repeat(10_000)}\nok 1\n`, "goes on"],
  ["half a header, and the end", "both", "pub #a 5", INSIDE],
  ["half a payload, and the end", "both", "pub #a 5\nha", INSIDE],
  ["half an answer, and the end", "both", "ok", INSIDE],
  ["half a batch, and the end", "subscriber", "batch #a 2 22 seq=1 ts=1\npub #a 1\nx\n", INSIDE],
  ["the end", "both", "", /the broker closed the connection/],
];

/** In the place of an answer to hello, to who speaks nothing but v2. */
export const ANSWERS_TO_HELLO: readonly BrokerRow[] = [
  ["nothing, and the end", "both", "", /closed the connection|does not speak protocol 2|no answer/],
  ["another version", "both", "OK_3\n", /does not speak protocol 2/],
  ["the answer and more", "both", "OK_2 and more\n", /does not speak protocol 2/],
  ["an error", "both", "ERR_UNKNOWN_COMMAND\n", /does not speak protocol 2/],
  ["an error that would clear the screen", "both", `ERR_${ESCAPES}\n`, /does not speak protocol 2/],
  [
    "bytes that are no UTF-8",
    "both",
    Uint8Array.of(0xff, 0xfe, 0xc0, 0x80, 0x0a),
    /does not speak protocol 2/,
  ],
  ["NULs", "both", "\0\0\0\0\n", /does not speak protocol 2/],
  [
    "an answer of HTTP",
    "both",
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    /the port speaks HTTP/,
  ],
  ["the banner of SSH", "both", "SSH-2.0-OpenSSH_9.6\r\n", /does not speak protocol 2/],
  ["an error of Redis", "both", "-ERR unknown command 'p'\r\n", /does not speak protocol 2/],
  ["the info of NATS", "both", 'INFO {"server_id":"x"}\r\n', /does not speak protocol 2/],
  [
    "an alert of TLS",
    "both",
    Uint8Array.of(0x15, 3, 3, 0, 2, 2, 0x28),
    /does not speak protocol 2|closed|no answer/,
  ],
  ["60,000 characters", "both", `${"x".repeat(60_000)}\n`, /does not speak protocol 2/],
];
