/**
 * Who speaks another protocol: what comes first on a connection that was meant for somebody else.
 *
 * @module
 */
import { lines, raw, type Row, type Table } from "../exchange.ts";
import { LINE } from "../reach.ts";

const UNKNOWN = "ERR_UNKNOWN_COMMAND";

/** How many lines come before the connection waits for more. */
const OTHERS: Readonly<Record<string, readonly [says: string | Uint8Array, lines: number, open?: "open"]>> = {
  "Redis": ["PING\r\n", 1],
  "Redis, in its own form": ["*1\r\n$4\r\nPING\r\n", 3],
  "Redis, a command to run code": ["EVAL \"os.execute('id')\" 0\r\n", 1],
  "NATS": ['CONNECT {"verbose":false,"name":"x"}\r\nPING\r\n', 2],
  "NATS, a publish": ["PUB a 1\r\nx\r\n", 2],
  "NATS, a subscription": ["SUB a 1\r\n", 1],
  "NSQ": ["  V2PUB a\n", 1],
  "beanstalkd": ["put 0 0 60 1\r\nx\r\n", 2],
  "STOMP": ["CONNECT\naccept-version:1.2\nhost:/\n\n\0\n", 4],
  "Gearman": [raw(0, "REQ", 0, 0, 0, 16, 0, 0, 0, 0), 0, "open"],
  "memcached": ["stats\r\nversion\r\n", 2],
  "memcached, binary": [raw(0x80, 0x0b, ...new Array<number>(22).fill(0)), 0, "open"],
  "MQTT 3.1.1": [raw(0x10, 0x0d, 0, 4, "MQTT", 4, 2, 0, 60, 0, 1, "c"), 0, "open"],
  "MQTT 5": [raw(0x10, 0x0e, 0, 4, "MQTT", 5, 2, 0, 60, 0, 0, 1, "c"), 0, "open"],
  "MQTT, a length of five bytes": [raw(0x10, 0xff, 0xff, 0xff, 0xff, 0x7f), 0, "open"],
  "AMQP 0-9-1": [raw("AMQP", 0, 0, 9, 1), 0, "open"],
  "AMQP 1.0": [raw("AMQP", 0, 1, 0, 0), 0, "open"],
  "Kafka": [raw(0, 0, 0, 17, 0, 18, 0, 3, 0, 0, 0, 1, 0, 1, "c", 0, 2, "c", 2, "1", 0), 0, "open"],
  "Pulsar": [raw(0, 0, 0, 0x1c, 0, 0, 0, 0x18, 8, 2, 0x12, 0x14, 1, 1), 0, "open"],
  "ZeroMQ": [raw(0xff, ...new Array<number>(8).fill(0), 0x7f, 3, 0, "NULL"), 0, "open"],
  "ZooKeeper": ["ruok\n", 1],
  "PostgreSQL": [raw(0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f), 0, "open"],
  "MongoDB": [raw(0x3f, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0xdd, 7, 0, 0), 0, "open"],
  "Cassandra": [raw(4, 0, 0, 0, 5, 0, 0, 0, 0), 0, "open"],
  "LDAP": [raw(0x30, 0x0c, 2, 1, 1, 0x60, 7, 2, 1, 3, 4, 0, 0x80, 0), 0, "open"],
  "SMB": [raw(0, 0, 0, 0x45, 0xff, "SMBr", 0, 0, 0, 0), 0, "open"],
  "RDP": [raw(3, 0, 0, 0x13, 0x0e, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 3, 0, 0, 0), 0, "open"],
  "VNC": ["RFB 003.008\n", 1],
  "X11": [raw("l", 0, 0x0b, 0, 0, 0, 0, 0, 0, 0, 0, 0), 0, "open"],
  "SSH": ["SSH-2.0-OpenSSH_9.6\r\n", 1],
  "telnet": [raw(0xff, 0xfd, 3, 0xff, 0xfb, 0x18, 0xff, 0xfb, 0x1f), 0, "open"],
  "FTP": ["USER anonymous\r\nPASS x\r\n", 2],
  "SMTP": ["EHLO example.com\r\nMAIL FROM:<a@example.com>\r\n", 2],
  "IMAP": ["a1 LOGIN user secret\r\n", 1],
  "POP3": ["USER root\r\n", 1],
  "IRC": ["NICK x\r\nUSER x 0 * :x\r\n", 2],
  "XMPP": ["<?xml version='1.0'?><stream:stream to='x' xmlns='jabber:client'>", 0, "open"],
  "SIP": ["INVITE sip:a@example.com SIP/2.0\r\nCall-ID: 1\r\n\r\n", 2],
  "RTSP": ["OPTIONS rtsp://example.com/ RTSP/1.0\r\nCSeq: 1\r\n\r\n", 2],
  "git": ["0032git-upload-pack /project.git\0host=example.com\0", 0, "open"],
  "rsync": ["@RSYNCD: 31.0\n", 1],
  "gopher": ["/\r\n", 1],
  "BitTorrent": [raw(19, "BitTorrent protocol", 0, 0, 0, 0), 0, "open"],
  "SOCKS 4": [raw(4, 1, 0, 80, 127, 0, 0, 1, 0), 0, "open"],
  "SOCKS 5": [raw(5, 1, 0), 0, "open"],
  "DNS over TCP": [
    raw(0, 0x1c, 0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, "version", 4, "bind", 0, 0, 16, 0, 3),
    0,
    "open",
  ],
  "syslog": ["<34>1 2026-01-31T09:00:00Z host app - - - message\n", 1],
  "statsd": ["a:1|c\n", 1],
  "Graphite": ["a.b 1 1769850000\n", 1],
  "Java serialization": [raw(0xac, 0xed, 0, 5, "sr", 0), 0, "open"],
  "a JNDI lookup": ["${jndi:ldap://example.com/a} x\n", 1],
  "a proxy's first line (PROXY 1)": ["PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", 1],
  "a proxy's first line (PROXY 2), which has line ends in it": [
    raw("\r\n\r\n", 0, "\r\nQUIT\n", 0x21, 0x11, 0, 12, 1, 2, 3, 4),
    2,
    "open",
  ],
  "Windows' file of line ends": ["\u001a\r\n", 1],
};

/** What a browser or a tool sends first, and what may follow it: nothing of that is a request (C13). */
const HTTP: Readonly<Record<string, string>> = {
  "GET": "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
  "GET of HTTP/1.0": "GET / HTTP/1.0\r\n\r\n",
  "HEAD": "HEAD / HTTP/1.1\r\nHost: x\r\n\r\n",
  "CONNECT": "CONNECT example.com:443 HTTP/1.1\r\n\r\n",
  "a page's POST, whose body holds requests":
    "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: 40\r\n\r\nc pub #a evil\nc sub #>\nc quit\n",
  "a form, each line of which is a request":
    "POST / HTTP/1.1\r\nContent-Type: multipart/form-data\r\n\r\nc pub #a evil\r\n",
  "a header that is a request": "GET / HTTP/1.1\r\nc pub #a evil\r\n\r\n",
  "hello in a body": "POST / HTTP/1.1\r\n\r\nc hello 2\npub #a 4\nevil\n",
  "a bare LF": "GET / HTTP/1.1\nc pub #a evil\n",
  "an upgrade to WebSocket":
    "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "an absolute address": "GET http://example.com/ HTTP/1.1\r\n\r\n",
  "a method that nobody knows": "PUBLISH /a HTTP/1.1\r\n\r\n",
};

const CLIENT_HELLO = [
  0x16,
  3,
  1,
  0,
  0x2f,
  1,
  0,
  0,
  0x2b,
  3,
  3,
  ...new Array<number>(32).fill(0x41),
  0,
  0,
  2,
  0x13,
  1,
  1,
  0,
];

export const STRANGERS: Table = {
  title: "strangers",
  on: "publishers",
  opening: "classic",
  rows: [
    ...Object.entries(OTHERS).map(([who, [says, count, open]]): Row => [
      who,
      says,
      lines(count, UNKNOWN),
      open === "open" ? "waits" : "answers",
    ]),
    ...Object.entries(HTTP).map(([what, says]): Row => [`HTTP, ${what}`, says, UNKNOWN, "ends"]),
    [
      "HTTP, an address that is longer than a line",
      `POST /${"a".repeat(LINE)} HTTP/1.1\r\nHost: x\r\n\r\nc pub #a evil\n`,
      [
        "ERR_LINE_TOO_LONG",
        UNKNOWN,
      ],
      "ends",
    ],
    ["a client by the name of Host: is one", "Host: pub #a x\n", "OK"],
    ["HTTP behind a request", "c pub #a x\nGET / HTTP/1.1\r\nc pub #a evil\n", ["OK", UNKNOWN], "ends"],
    ["a message about HTTP is a message", "c pub #a GET / HTTP/1.1\n", "OK"],
    ["a word like HTTP's", "c get x HTTP/1.1\n", UNKNOWN],
    ["half a request of HTTP", "GET / HTT", "", "waits"],
    ["TLS, a ClientHello (C14)", raw(...CLIENT_HELLO), "ERR_NO_TLS", "ends"],
    ["TLS, half a ClientHello", raw(...CLIENT_HELLO.slice(0, 9)), "ERR_NO_TLS", "ends"],
    ["the first byte of TLS", raw(0x16), "", "waits"],
    ["an id that begins like TLS", raw(0x16, "c pub #a x\n"), "OK"],
    ["SSL 2", raw(0x80, 0x2e, 1, 3, 1, 0, 0x15, 0, 0, 0, 0x10), "", "waits"],
    ["TLS, an alert", raw(0x15, 3, 3, 0, 2, 2, 0x28), "", "waits"],
    ["a byte a line", "a\nb\nc\nd\n", lines(4, UNKNOWN)],
    ["a packet of noise", noise(LINE / 2), "", "waits"],
    ["noise without an end", noise(4 * LINE), "ERR_LINE_TOO_LONG", "waits"],
  ],
};

export const STRANGERS_AT_V2: Table = {
  title: "strangers behind hello",
  on: "publishers",
  opening: "2",
  rows: [
    ["MQTT", raw(0x10, 0x0d, 0, 4, "MQTT", 4, 2, 0, 60, 0, 1, "c", "\n"), "bye UNKNOWN_COMMAND…", "ends"],
    ["Redis", "*1\r\n$4\r\nPING\r\n", "bye UNKNOWN_COMMAND…", "ends"],
    ["HTTP", "POST / HTTP/1.1\r\n\r\npub #a 4\nevil\n", "bye UNKNOWN_COMMAND…", "ends"],
    ["TLS, in the middle of it", raw(...CLIENT_HELLO), "", "waits"],
    ["noise", noise(4 * LINE), "bye LINE_TOO_LONG…", "ends"],
  ],
};

export const STRANGERS_WHO_SUBSCRIBE: Table = {
  title: "strangers at the subscribers' port",
  on: "subscribers",
  opening: "classic",
  rows: [
    ["HTTP", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", UNKNOWN, "ends"],
    ["HTTP that would listen to everything", "POST / HTTP/1.1\r\n\r\nc sub #>\n", UNKNOWN, "ends"],
    ["an event stream", "GET /events HTTP/1.1\r\nAccept: text/event-stream\r\n\r\n", UNKNOWN, "ends"],
    ["NATS", "CONNECT {}\r\nSUB > 1\r\n", lines(2, UNKNOWN)],
    ["Redis", "SUBSCRIBE a\r\n", UNKNOWN],
    ["MQTT", raw(0x82, 6, 0, 1, 0, 1, "#", 0), "", "waits"],
    ["TLS", raw(...CLIENT_HELLO), "ERR_NO_TLS", "ends"],
  ],
};

/** Bytes that are the same each time, without an LF. */
function noise(count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  let state = 0x9e3779b9;
  for (let at = 0; at < count; at++) {
    state = Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + at | 0;
    bytes[at] = (state >>> 8 & 0xff) === 0x0a ? 0 : state >>> 8;
  }
  return bytes;
}
