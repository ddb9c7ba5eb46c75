/**
 * What careless clients say, and what each of it is answered.
 *
 * @module
 */
import { encodeText } from "../../lib/wire/bytes.ts";
import { PUB_PORT, SUB_PORT } from "./actors.ts";
import type { Manner, Request, Writer } from "./careless.ts";
import type { Sent } from "./history.ts";

/** Those who publish in v2. */
export const FRAMES: Manner = {
  port: PUB_PORT,
  classic: false,
  requests(writer): Request {
    const { random, plan } = writer;
    if (random.chance(0.6)) return writer.good();
    if (random.chance(0.06)) return random.pick(BREAKS)(writer);
    const sent = writer.send({ most: 100 });
    const { length } = encodeText(sent.text);
    const large = (): Sent => writer.send({ most: 3000, least: plan.payload + 1 });
    switch (random.below(7)) {
      case 0:
        return writer.frame(`pub #a..b ${length}\n`, { sent, answer: "BAD_TOPIC" });
      case 1:
        return writer.frame(`pub ${random.pick(["#m.*", "#", "#a>"])} ${length}\n`, {
          sent,
          answer: "BAD_TOPIC",
        });
      case 2: {
        const field = random.pick([
          "x",
          "=x",
          "ttl=0",
          "ttl=-1",
          "ttl=x",
          "key=\u0007",
          `id=${"i".repeat(256)}`,
        ]);
        return writer.frame(`pub #m.a ${length} ${field}\n`, { sent, answer: "BAD_FIELD" });
      }
      case 3: {
        // it is passed over, whatever it ends with
        const much = large();
        const header = `pub #m.a ${encodeText(much.text).length}\n`;
        return writer.frame(header, {
          sent: much,
          answer: "PAYLOAD_TOO_LARGE",
          ends: random.pick(["\n", "\n", "z"]),
        });
      }
      case 4:
        return { bytes: encodeText(random.pick(["sub #m.a\n", "unsub #m.a\n"])), answer: "WRONG_PORT" };
      case 5:
        return { bytes: encodeText(random.pick(["ping\n", "ping\r\n"])), answer: "pong" };
      default:
        return { bytes: encodeText(random.pick(["\n", "\r\n", "\n\n"])), answer: undefined };
    }
  },
};

/** After these the stream cannot be read any more (V6). */
const BREAKS: readonly ((writer: Writer) => Request)[] = [
  (writer) =>
    writer.frame("pub #m.a x\n", { sent: writer.send({ most: 50 }), answer: "BAD_LENGTH", last: true }),
  (writer) =>
    writer.frame("pub #m.a -3\n", { sent: writer.send({ most: 50 }), answer: "BAD_LENGTH", last: true }),
  (writer) =>
    writer.frame("pub #m.a 05\n", { sent: writer.send({ most: 50 }), answer: "BAD_LENGTH", last: true }),
  (writer) =>
    writer.frame("pub #m.a\n", { sent: writer.send({ most: 50 }), answer: "BAD_LENGTH", last: true }),
  (writer) => {
    // the payload is longer than was said
    const sent = writer.send({ most: 50 });
    const said = writer.random.below(5);
    return writer.frame(`pub ${sent.topic} ${said}\n`, {
      sent,
      answer: "BAD_LENGTH",
      last: true,
      ends: "yy\n",
    });
  },
  (writer) => {
    // it is shorter, so that what follows is taken for a part of it, up to where it should end
    const sent = writer.send({ most: 50 });
    const { length } = encodeText(sent.text);
    const header = `pub ${sent.topic} ${length + 4}\n`;
    return writer.frame(header, { sent, answer: "BAD_LENGTH", last: true, ends: "\nping\n" });
  },
  () => ({ bytes: encodeText("publish #m.a 3\nabc\n"), answer: "UNKNOWN_COMMAND", last: true }),
  () => ({ bytes: encodeText("batch #d.a 1 3 seq=1 ts=1\n"), answer: "UNKNOWN_COMMAND", last: true }),
  () => ({ bytes: new Uint8Array([112, 117, 98, 115, 0xff, 0xfe, 10]), answer: "BAD_UTF8", last: true }),
  ({ plan }) => ({
    bytes: encodeText(`pub #${"t".repeat(plan.line + 2)}\n`),
    answer: "LINE_TOO_LONG",
    last: true,
  }),
  () => ({ bytes: encodeText("quit\n"), answer: "QUIT", last: true }),
];

/** Those who publish in the classic protocol: whatever is wrong with a line, the next one is read. */
export const LINES: Manner = {
  port: PUB_PORT,
  classic: true,
  requests(writer): Request {
    const { random, plan } = writer;
    if (random.chance(0.6)) return writer.goodLine();
    const line = (text: string, answer: string | undefined): Request => ({ bytes: encodeText(text), answer });
    switch (random.below(6)) {
      case 0:
        return line("c pub #a..b x\n", "BAD_TOPIC");
      case 1:
        return line(random.pick(["c shout #a x\n", "word\n", "c batch #a 1\n"]), "UNKNOWN_COMMAND");
      case 2:
        return line(`c pub #m.a ${"t".repeat(plan.line + random.below(3000))}\n`, "LINE_TOO_LONG");
      case 3:
        return line(random.pick(["c sub #a\n", "c unsub #a\n"]), "WRONG_PORT");
      case 4:
        return {
          bytes: new Uint8Array([99, 32, 112, 117, 98, 32, 35, 0xff, 32, 120, 10]),
          answer: "BAD_UTF8",
        };
      default:
        return line(random.pick(["\n", "\r\n"]), undefined);
    }
  },
};

/** Of members of groups. */
const WRONG_TERMS = [
  "group=g window=0",
  "group=g window=65537",
  "group=g window=x",
  "group=g slow=latest",
  "group=g to=3",
  "window=3",
];

/** Those who subscribe in v2: what they are brought is passed over. */
export const SUBSCRIBES: Manner = {
  port: SUB_PORT,
  classic: false,
  requests({ random }): Request {
    const line = (text: string, answer: string): Request => ({ bytes: encodeText(text), answer });
    switch (random.below(12)) {
      case 9:
        return line(`sub #m.a group=${random.pick(["", "a.b", "#g", ">", "g".repeat(65)])}\n`, "BAD_FIELD");
      case 10:
        return line(`sub #m.a ${random.pick(WRONG_TERMS)}\n`, "BAD_FIELD");
      case 11:
        return line("unsub #m.a group=nobodys\n", "NOT_SUBSCRIBED");
      case 0:
        return line("sub #a..b\n", "BAD_PATTERN");
      case 1:
        return line(random.pick(["sub #x*\n", "sub #\n", "sub #>.a\n"]), "BAD_PATTERN");
      case 2:
        return line(random.pick(["sub #m.a slow=never\n", "sub #m.a to=3\n", "sub #m.a x=1\n"]), "BAD_FIELD");
      case 3:
        return line("unsub #never.asked\n", "NOT_SUBSCRIBED");
      case 4:
        return line("pub #m.a 3\nabc\n", "WRONG_PORT");
      case 5:
        return line("ping\n", "pong");
      default: {
        const slow = random.pick(["drop-new", "drop-old", "latest"]);
        return line(`sub ${random.pick(["#m.>", "#d.>", "#*.b", "#m.a"])} slow=${slow}\n`, "ok");
      }
    }
  },
};
