/**
 * The servers of a NATS cluster as one word: `nats://a:4222,b:4222`.
 *
 * @module
 */
import { quote } from "../../../text.ts";
import { splitHost } from "../../options/host.ts";
import type { Kind, Read } from "../../options/units.ts";

/** The port of NATS. */
const DEFAULT_PORT = "4222";
const SCHEME = "nats://";
const LOOKS = "a URL such as nats://a:4222,b:4222";
const SECRET = "a URL with a user, a password or a token in it can be seen by everybody on the machine: " +
  "give --engine-user and --engine-password-file, --engine-token-file or --engine-creds";

/** The servers in a URL, `host:port` each, as they stand there. */
export const ENGINE_URL: Kind<readonly string[]> = {
  placeholder: "URL",
  config: ["string"],
  read: (text) => {
    // what is quoted may be read by others
    if (text.includes("@")) return { problem: SECRET };
    if (/^tls:\/\//i.test(text)) {
      return { problem: `${quote(text)} is to be written nats://…, with --engine-tls` };
    }
    if (!text.toLowerCase().startsWith(SCHEME)) return { expected: LOOKS };
    const servers: string[] = [];
    for (const each of text.slice(SCHEME.length).split(",")) {
      const read = serverIn(each);
      if (!("value" in read)) return read;
      servers.push(read.value);
    }
    return { value: servers };
  },
  write: (servers) => `${SCHEME}${servers.join(",")}`,
};

/** Each may have the scheme again, as other programs of NATS write it. */
function serverIn(text: string): Read<string> {
  const bare = text.trim().replace(/^nats:\/\//i, "").replace(/\/$/, "");
  if (bare === "" || /[/?#]/.test(bare)) return { expected: LOOKS };
  const split = splitHost(bare);
  if (!("value" in split)) return { expected: LOOKS };
  const { host, port = DEFAULT_PORT } = split.value;
  const number = /^\d{1,5}$/.test(port) ? Number(port) : 0;
  if (number < 1 || number > 65_535) {
    return { problem: `${quote(text)} is no server: its port is to be from 1 to 65535` };
  }
  return { value: host.includes(":") ? `[${host}]:${port}` : `${host}:${port}` };
}
