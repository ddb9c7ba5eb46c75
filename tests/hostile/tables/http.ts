/**
 * What comes to the HTTP port: each row hears the statuses of the answers, and the connection ends behind them.
 *
 * @module
 */
import { raw, type Row, type Table } from "../exchange.ts";
import { PAYLOAD } from "../reach.ts";

const HOST = "Host: 127.0.0.1\r\n";
const POST = `POST /api/topics/%23h/messages HTTP/1.1\r\n${HOST}`;

/** A request that is whole: what it asks, headers it has beside, and a body. */
function request(line: string, headers = "", body?: string): string {
  const length = body === undefined ? "" : `Content-Length: ${new TextEncoder().encode(body).length}\r\n`;
  return `${line} HTTP/1.1\r\n${HOST}${headers}${length}Connection: close\r\n\r\n${body ?? ""}`;
}

function get(path: string, status: string, headers = ""): Row {
  const what = `GET ${path}${headers === "" ? "" : ` with ${headers.trim()}`}`.replace(/\p{Cc}/gu, "?").slice(
    0,
    90,
  );
  return [what, request(`GET ${path}`, headers), status, "ends"];
}

/** For a host that this is not, or without one. */
function host(what: string, headers: string, status: string): Row {
  return [`Host: ${what}`, `GET /api/broker HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`, status, "ends"];
}

function publish(what: string, headers: string, status: string, more: { brings?: number } = {}): Row {
  return [
    `a publish with ${what}`,
    request("POST /api/topics/%23h/messages", headers, "x"),
    status,
    "ends",
    { brings: status === "201" ? 1 : 0, ...more },
  ];
}

const SMUGGLED = "GET /api/broker HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

export const HTTP_FRAMING: Table = {
  title: "HTTP, where a request ends (F54)",
  on: "http",
  opening: "none",
  rows: [
    [
      "a length and chunks",
      `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
      "400",
      "ends",
    ],
    [
      "chunks and a length",
      `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
      "400",
      "ends",
    ],
    ["two lengths", `${POST}Content-Length: 0\r\nContent-Length: 50\r\n\r\n${SMUGGLED}`, "400", "ends"],
    [
      "two lengths that are the same",
      `${POST}Content-Length: 1\r\nContent-Length: 1\r\n\r\nx${SMUGGLED}`,
      "400",
      "ends",
    ],
    ["a list of lengths", `${POST}Content-Length: 1, 1\r\n\r\nx`, "400", "ends"],
    ["a negative length", `${POST}Content-Length: -1\r\n\r\nx`, "400", "ends"],
    ["a length with a sign", `${POST}Content-Length: +1\r\n\r\nx`, "400", "ends"],
    ["a length of base 16", `${POST}Content-Length: 0x1\r\n\r\nx`, "400", "ends"],
    ["a length of 2^64", `${POST}Content-Length: 18446744073709551616\r\n\r\nx`, "400", "ends"],
    ["an empty length", `${POST}Content-Length: \r\n\r\nx`, "400", "ends"],
    ["a length before a space and a colon", `${POST}Content-Length : 1\r\n\r\nx`, "400", "ends"],
    ["an encoding that is none", `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`, "400", "ends"],
    ["an encoding of itself", `${POST}Transfer-Encoding: identity\r\n\r\n0\r\n\r\n`, "400", "ends"],
    [
      "chunks twice",
      `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      "400",
      "ends",
    ],
    [
      "chunks before a space and a colon",
      `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
      "400",
      "ends",
    ],
    [
      "chunks behind a vertical tab",
      `${POST}Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n`,
      "400",
      "ends",
    ],
    ["gzip and chunks", `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, "400", "ends"],
    ["a folded header", `${POST}X: a\r\n b\r\nConnection: close\r\n\r\n`, "400", "ends"],
    ["a header without a colon", `${POST}nothing\r\n\r\n`, "400", "ends"],
    ["a header with a space in its name", `${POST}X Y: z\r\n\r\n`, "400", "ends"],
    ["a header without a name", `${POST}: z\r\n\r\n`, "400", "ends"],
    ["a NUL in a header", raw(POST, "X: a", 0, "b\r\n\r\n"), "400", "ends"],
    ["a NUL in the name of a header", raw(POST, "X", 0, ": b\r\n\r\n"), "400", "ends"],
    ["a CR in a header", `${POST}X: a\rb\r\n\r\n`, "400", "ends"],
    ["line ends without CR", `GET /healthz HTTP/1.1\n${HOST.replace("\r", "")}\n${SMUGGLED}`, "400", "ends"],
    [
      "a chunk of a negative length",
      `${POST}Transfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n0\r\n\r\n`,
      "400",
      "ends",
    ],
    [
      "a chunk of a length past all counting",
      `${POST}Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\nx`,
      "400",
      "ends",
    ],
    [
      "a chunk whose length has a sign of base 16",
      `${POST}Transfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n`,
      "400",
      "ends",
    ],
    [
      "a chunk that does not end where it says",
      `${POST}Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n`,
      "400",
      "ends",
    ],
    [
      "a request in a body is no request",
      request("POST /api/topics/%23h/messages", "", SMUGGLED),
      "201",
      "ends",
      {
        brings: 1,
      },
    ],
    [
      "half a body, and the end of the input",
      [`${POST}Content-Length: 10\r\n\r\nhalf`, { end: true }],
      "",
      "ends",
    ],
    [
      "half a header, and the end of the input",
      [`GET /healthz HTTP/1.1\r\nHos`, { end: true }],
      "",
      "ends",
    ],
    ["nothing, and the end of the input", { end: true }, "", "ends"],
    ["a header of 20 KiB", `GET /healthz HTTP/1.1\r\n${HOST}X: ${"x".repeat(20_000)}\r\n\r\n`, "431", "ends"],
    ["an address of 20 KiB", `GET /${"a".repeat(20_000)} HTTP/1.1\r\n${HOST}\r\n`, "431", "ends"],
    [
      "a body that is too large",
      request("POST /api/topics/%23h/messages", "", "x".repeat(PAYLOAD + 1)),
      "413",
      "ends",
    ],
    ["a body that says it is too large", `${POST}Content-Length: 999999999\r\n\r\nx`, "413", "ends"],
    [
      "a body of the largest size",
      request("POST /api/topics/%23h/messages", "", "x".repeat(PAYLOAD)),
      "201",
      "ends",
      {
        brings: 1,
      },
    ],
  ],
};

export const HTTP_REQUESTS: Table = {
  title: "HTTP requests (F54, F57)",
  on: "http",
  opening: "none",
  rows: [
    ["TRACE", request("TRACE /"), "405", "ends"],
    ["CONNECT", `CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n`, "", "ends"],
    ["OPTIONS", request("OPTIONS /api/broker"), "405", "ends"],
    ["OPTIONS of all", request("OPTIONS *"), "400", "ends"],
    ["PUT", request("PUT /api/topics/%23h/messages", "", "x"), "405", "ends"],
    ["POST to what is read", request("POST /healthz", "", "x"), "405", "ends"],
    ["a method that nobody knows", request("PUBLISH /a"), "400", "ends"],
    ["a method in lower case", request("get /healthz"), "400", "ends"],
    ["an absolute address", request("GET http://127.0.0.1/healthz"), "400", "ends"],
    ["an absolute address of another host", request("GET http://example.com/healthz"), "400", "ends"],
    ["no address", `GET HTTP/1.1\r\n${HOST}\r\n`, "400", "ends"],
    ["an address without its slash", request("GET healthz"), "400", "ends"],
    ["HTTP/0.9", "GET /healthz\r\n\r\n", "400", "ends"],
    ["HTTP/1.2", `GET /healthz HTTP/1.2\r\n${HOST}\r\n`, "400", "ends"],
    ["HTTP/9.9", `GET /healthz HTTP/9.9\r\n${HOST}\r\n`, "400", "ends"],
    ["the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400", "ends"],
    ["a request of this bus", "c pub #a x\n", "400", "ends"],
    ["a frame of this bus", "pub #a 1\nx\n", "400", "ends"],
    ["a ClientHello", raw(0x16, 3, 1, 0, 0x2f, 1, 0, 0, 0x2b, 3, 3), "400", "ends"],
    ["noise", raw(...Array.from({ length: 300 }, (_, at) => at * 7 & 255)), "400", "ends"],
    get("/..", "404"),
    get("/../../etc/passwd", "404"),
    get("/%2e%2e/%2e%2e/etc/passwd", "404"),
    get("/..%2f..%2fetc%2fpasswd", "404"),
    get("/%00", "404"),
    get("/index.html%00.js", "404"),
    get("/etc/passwd", "404"),
    get("/.git/config", "404"),
    get("//example.com/healthz", "404"),
    get("/api//broker", "404"),
    get("/api/../healthz", "404"),
    get("/api/%2e%2e/healthz", "404"),
    get("/__proto__", "404"),
    get("/api/constructor", "404"),
    get("/api/topics/__proto__", "200"),
    get("/a\\b", "400"),
    get("/%", "400"),
    get("/%zz", "400"),
    get("/\u00fc", "400"),
    get("/api/topics/%ff", "400"),
    get("/api/topics/%23", "400"),
    get("/api/topics/%23a..b", "400"),
    get("/api/topics/%23a.*", "400"),
    get(`/api/topics/%23${"t".repeat(300)}`, "400"),
    get("/api/topics?limit=0", "400"),
    get("/api/topics?limit=-1", "400"),
    get("/api/topics?limit=1e3", "400"),
    get("/api/topics?limit=1001", "400"),
    get("/api/topics?limit=9007199254740993", "400"),
    get("/api/topics?limit=5&limit=6", "200"),
    get("/api/topics?sort=color", "400"),
    get("/api/topics?color=red", "200"),
    get("/api/topics?after=nonsense", "200"),
    get("/api/topics?match=%23a..b", "400"),
    get("/api/topics/%23d.a/messages?from=x", "400"),
    get("/api/topics/%23d.a/messages?to=latest", "400"),
    get("/api/topics/%23d.a/messages?from=1e3", "400"),
    get("/api/topics/%23d.a/messages?after=x", "400"),
    get("/api/topics/%23a.>.b/stream", "400"),
    get("/api/topics/%23a/stream?slow=fast", "400"),
    get("/api/topics/%23a/stream?from=-0", "400"),
    get("/api/topics/%23d.a/stream", "400", "Last-Event-ID: nonsense\r\n"),
    get("/api/connections?sort=color", "400"),
    get("/api/groups?after=nonsense", "400"),
    ["DELETE of no number", request("DELETE /api/connections/abc"), "404", "ends"],
    ["DELETE of a negative number", request("DELETE /api/connections/-1"), "404", "ends"],
    ["DELETE of a number that there is not", request("DELETE /api/connections/999999999"), "404", "ends"],
    ["DELETE of a number with an exponent", request("DELETE /api/connections/1e3"), "404", "ends"],
    ["DELETE of all", request("DELETE /api/connections"), "405", "ends"],
    ["DELETE of a topic", request("DELETE /api/topics/%23h"), "405", "ends"],
  ],
};

export const HTTP_ORIGINS: Table = {
  title: "HTTP, from where and for whom (F54, F55)",
  on: "http",
  opening: "none",
  rows: [
    host("none", "", "400"),
    host("an empty one", "Host: \r\n", "400"),
    host("another's", "Host: example.com\r\n", "403"),
    host("one that begins like ours", "Host: localhost.example.com\r\n", "403"),
    host("an address with more behind it", "Host: 127.0.0.1.example.com\r\n", "403"),
    host("another address of this machine", "Host: 127.0.0.2\r\n", "403"),
    host("all addresses", "Host: 0.0.0.0\r\n", "403"),
    host("localhost with a dot", "Host: localhost.\r\n", "403"),
    host("with somebody in it", "Host: 127.0.0.1@example.com\r\n", "400"),
    host("with a path", "Host: 127.0.0.1/x\r\n", "400"),
    host("with a port that is none", "Host: 127.0.0.1:port\r\n", "400"),
    host("with a port of six digits", "Host: 127.0.0.1:999999\r\n", "400"),
    host("an address as one number", "Host: 2130706433\r\n", "403"),
    host("an address in base 16", "Host: 0x7f000001\r\n", "403"),
    host("an address shortened", "Host: 127.1\r\n", "403"),
    host("twice", `${HOST}${HOST}`, "400"),
    host("twice, ours and another's", `${HOST}Host: example.com\r\n`, "400"),
    host("in capitals", "HOST: LOCALHOST\r\n", "200"),
    get("/api/broker", "403", "Origin: https://example.com\r\n"),
    get("/api/broker", "403", "Origin: null\r\n"),
    get("/api/broker", "403", "Origin: http://127.0.0.1.example.com\r\n"),
    get("/api/broker", "403", "Origin: http://127.0.0.1@example.com\r\n"),
    get("/api/broker", "403", "Origin: file://\r\n"),
    get("/api/broker", "403", "Origin: http://localhost\r\n"),
    get("/api/broker", "200", "Origin: http://127.0.0.1\r\n"),
    get("/api/broker", "403", "Sec-Fetch-Site: cross-site\r\n"),
    get("/api/broker", "403", "Sec-Fetch-Site: same-site\r\n"),
    get("/api/broker", "403", "Sec-Fetch-Site: nonsense\r\n"),
    get("/api/broker", "403", "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"),
    get("/api/broker", "200", "Sec-Fetch-Site: same-origin\r\n"),
    get("/api/topics/%23a/stream", "403", "Origin: https://example.com\r\nAccept: text/event-stream\r\n"),
    get("/", "403", "Origin: https://example.com\r\n"),
    publish(
      "a form of another site",
      "Origin: https://example.com\r\nContent-Type: application/x-www-form-urlencoded\r\n",
      "403",
    ),
    publish(
      "a form without an origin, by a browser",
      "Sec-Fetch-Site: cross-site\r\nContent-Type: text/plain\r\n",
      "403",
    ),
    publish(
      "a form of another site, to navigate",
      "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n",
      "403",
    ),
    publish("two types", "Content-Type: text/plain\r\nContent-Type: application/x-ndjson\r\n", "400"),
    publish("a time to live that is none", "Hashbus-Ttl: x\r\n", "400"),
    publish("a time to live of 0", "Hashbus-Ttl: 0\r\n", "400"),
    publish("a time to live with an exponent", "Hashbus-Ttl: 1e3\r\n", "400"),
    publish("a delay of a topic in memory", "Hashbus-Delay: 5\r\n", "400"),
    publish("a delay that is none", "Hashbus-Delay: -1\r\n", "400"),
    publish("an id that is too long", `Hashbus-Id: ${"i".repeat(300)}\r\n`, "400"),
    publish("an answer to no topic", "Hashbus-Reply: %23a..b\r\n", "400"),
    publish("a % that escapes nothing", "Hashbus-Key: 100%\r\n", "400"),
    publish("a header without a name", "Hashbus-Header-: x\r\n", "400"),
    publish("a field that nobody knows", "Hashbus-Color: red\r\n", "400"),
    ["a publish to a pattern", request("POST /api/topics/%23a.*/messages", "", "x"), "400", "ends"],
    ["a publish to everything", request("POST /api/topics/%23%3E/messages", "", "x"), "400", "ends"],
    ["a publish to no topic", request("POST /api/topics/%23/messages", "", "x"), "400", "ends"],
    [
      "a publish to a topic with a line end",
      request("POST /api/topics/%23a%0Ac%20pub%20b/messages", "", "x"),
      "400",
      "ends",
    ],
    [
      "a publish to a topic with an override",
      request("POST /api/topics/%23a%E2%80%AEb/messages", "", "x"),
      "400",
      "ends",
    ],
    [
      "a publish to a topic that is no UTF-8",
      request("POST /api/topics/%23a%C0%80/messages", "", "x"),
      "400",
      "ends",
    ],
    [
      "an upgrade to WebSocket",
      request(
        "GET /api/topics/%23a/stream",
        "Upgrade: websocket\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nOrigin: https://example.com\r\n",
      ),
      "403",
      "ends",
    ],
    [
      "an upgrade to HTTP/2",
      request("GET /healthz", "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n"),
      "200",
      "ends",
    ],
  ],
};
