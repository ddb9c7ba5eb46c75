/**
 * Files that were damaged, cut off or written by somebody else: each is read, or refused with lines for a person that
 * say which file; nothing else is thrown, and no cut makes an account mightier.
 */
import { assert, assertEquals } from "@std/assert";
import { readValues } from "../../lib/cli/options/values.ts";
import { configGiven } from "../../lib/cli/options/config.ts";
import { BROKER } from "../../lib/cli/broker/options.ts";
import { usersIn } from "../../lib/cli/broker/accounts/users_file.ts";
import { parseCommandFile } from "../../lib/cli/commands/command_file.ts";
import { contextFile } from "../../lib/cli/contexts/file.ts";
import { readMessageLine, readPublishLine } from "../../lib/cli/messages/message_line.ts";
import { RunError, UsageError } from "../../lib/errors.ts";
import { DEFAULT_LIMITS } from "../../lib/limits.ts";
import { visible } from "../../lib/text.ts";
import { seeded } from "../faults/random.ts";
import { mutated } from "./fuzz/mutate.ts";
import type { Transcript } from "./fuzz/transcript.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const MUTATIONS = 3000;
/** A line for a person is no longer, whatever it quotes. */
const LINE_MOST = 600;
const encoder = new TextEncoder();

const HASH = "p1wYuv6D+jGyoY8u1y1fEXOe1Ak9be3O7A+wTWGXPc0";
const SECRET = `secret = "$scrypt$ln=14,r=8,p=1$GbeO8aO+x+MNw3zXeeCmIg$${HASH}"`;
const USERS = `# who may come in
classic_as = { user = "old", from = ["127.0.0.1", "10.0.0.0/8"] }

[[user]]
name = "old"
publish = { allow = ["#legacy.>"], deny = ["#legacy.secret.>"] }
subscribe = ["#legacy.>"]
max-connections = 10
${SECRET}

[[user]]
name = "sensor"
publish = ["#sensors.{user}.{id}.>"]
subscribe = { allow = ["#>"], deny = ["#secret.>", "#sensors.*.key"] }
expires = 2030-01-31T00:00:00Z
max-byte-rate = "1MiB"
max-new-topics = 0
${SECRET}
`;

const FILES: Readonly<Record<string, { readonly text: string; readonly read: (bytes: Bytes) => void }>> = {
  "users.toml": {
    text: USERS,
    read: (bytes) => void usersIn({ path: "users.toml", bytes, topicMost: 255 }),
  },
  "broker.toml": {
    text:
      `host = "127.0.0.1"\nsub-port = 9090\npub-port = 9000\ndata = "/var/lib/x"\ndurable = ["#d.>", "#e"]\n` +
      `max-line = "64KiB"\nslow-consumer = "drop"\nstall-timeout = "5s"\nlog-format = "json"\nverbose = true\n`,
    read: (bytes) => {
      const text = new TextDecoder().decode(bytes);
      readValues(BROKER, [configGiven(BROKER, { path: "broker.toml", text })]);
    },
  },
  "contexts.toml": {
    text:
      `default = "prod"\n[context.prod]\nhost = "broker.example.com"\nid = "p1"\n[context.test]\nport = 9000\n`,
    read: (bytes) => void contextFile({ path: "contexts.toml", text: new TextDecoder().decode(bytes) }),
  },
  "day.cmd": {
    text: `# a day\n0 pub #a hello\n1.5 pub b x y z\n\n.5 pub #c.d \r\nquit\n`,
    read: (bytes) => void parseCommandFile(bytes, { name: "day.cmd", role: "publisher" }),
  },
};

function mutations(text: string, count = MUTATIONS): Bytes[] {
  const random = seeded(17);
  const from: Transcript = { on: "publishers", bytes: encoder.encode(text), cuts: [], leaving: "ends" };
  return Array.from({ length: count }, () => mutated(from, [from], random).bytes);
}

for (const [path, { text, read }] of Object.entries(FILES)) {
  Deno.test(`${path} with ${MUTATIONS} changes is read, or refused with its name on each line`, () => {
    read(encoder.encode(text));
    const outcomes = { read: 0, refused: 0 };
    for (const bytes of mutations(text)) {
      try {
        read(bytes);
        outcomes.read++;
      } catch (error) {
        outcomes.refused++;
        const shown = JSON.stringify(new TextDecoder().decode(bytes));
        assert(error instanceof UsageError || error instanceof RunError, `${error} of ${shown}`);
        for (const line of error.message.split("\n")) {
          assert(line.startsWith(path), `${JSON.stringify(line)} of ${shown}`);
          assertEquals(visible(line), line, "fit for a terminal");
          assert(line.length <= LINE_MOST, `${line.length} characters`);
          // where it was put into another's place it is quoted as that is
          assert(!/: secret\b/.test(line) || !line.includes(HASH), "what is kept of a secret is quoted");
        }
      }
    }
    assert(outcomes.read > 50 && outcomes.refused > 50, JSON.stringify(outcomes));
  });
}

Deno.test("accounts whose file is cut off anywhere are the same, fewer, or refused", () => {
  const bytes = encoder.encode(USERS);
  const whole = usersIn({ path: "users.toml", bytes, topicMost: 255 });
  let read = 0;
  for (let length = 0; length < bytes.length; length++) {
    let accounts;
    try {
      accounts = usersIn({ path: "users.toml", bytes: bytes.slice(0, length), topicMost: 255 });
    } catch (error) {
      assert(error instanceof UsageError, String(error));
      continue;
    }
    read++;
    for (const [name, { print }] of accounts.byName) {
      assertEquals(print, whole.byName.get(name)?.print, `${length}`);
    }
  }
  assert(read > 0, "the file without its last account is one");
});

Deno.test(`a message in JSON with ${MUTATIONS} changes is read, or refused with a clause`, () => {
  const lines = [
    '{"topic":"#a.b","time":"2026-01-31T09:00:00.000Z","seq":7,"id":"i-1","key":"k","ttl":60,"payload":"x\\u0000y"}',
    '{"topic":"#a","headers":{"trace":"a b","__proto__":"x"},"reply":"#r","payload_base64":"AAECAw=="}',
    '{"topic":"#d.a","fields":"id=1 h.x=y","payload":"","delay":5}',
  ];
  const outcomes = { read: 0, refused: 0 };
  for (const line of lines) {
    for (const bytes of mutations(line, MUTATIONS / lines.length)) {
      const text = new TextDecoder().decode(bytes);
      for (const found of [readMessageLine(text, DEFAULT_LIMITS), readPublishLine(text)]) {
        outcomes["problem" in found ? "refused" : "read"]++;
        if (!("problem" in found)) continue;
        assertEquals(visible(found.problem), found.problem, text);
        assert(found.problem.length <= LINE_MOST && found.problem.length > 0, text);
      }
    }
  }
  assertEquals("polluted" in {}, false);
  assert(outcomes.read > 50 && outcomes.refused > 50, JSON.stringify(outcomes));
});
