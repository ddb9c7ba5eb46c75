/**
 * A connection as a URL. The port is the publishers'; what else a saved connection may say is in the query.
 *
 *     hashbus://broker.example:9000?sub-port=9090&protocol=2
 *     hashbuss://broker.example:9000?ca=/etc/hashbus/ca.crt
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { unknownKey } from "../options/config.ts";
import { splitHost } from "../options/host.ts";
import type { Given, Option } from "../options/table.ts";

/** Where a URL stands, and what its query may say. */
export interface UrlPlace {
  readonly rows: ReadonlyMap<string, Option<unknown>>;
  /** Goes before what is wrong: `HASHBUS_URL`. */
  readonly place: string;
  /** {@link Given.from}. */
  readonly from: string;
}

/** What a URL gives. Throws UsageError with the place. */
export function urlGiven(text: string, at: UrlPlace): Map<string, Given> {
  const [, scheme, authority = "", path = "", query = "", fragment = ""] = URL_PARTS.exec(text) ?? [];
  // before anything else is said, for what is said quotes the text
  if (/@/.test(authority) || (scheme === undefined && text.includes("@"))) {
    throw new UsageError(
      `${at.place}: no user or password belongs in the URL: say ?user=NAME, and put the token into ` +
        "HASHBUS_TOKEN or a file (token-file)",
    );
  }
  const wrong = (why: string): UsageError => new UsageError(`${at.place}: ${why}, not ${quote(text, 100)}`);
  if (scheme === undefined) throw wrong(`a URL is written ${LOOKS}`);
  const tls = scheme.toLowerCase() === TLS_SCHEME;
  if (!tls && scheme.toLowerCase() !== SCHEME) {
    throw wrong(`a URL begins with ${SCHEME}://, or ${TLS_SCHEME}:// for TLS`);
  }
  if (path !== "" && path !== "/") throw wrong("a URL has no path");
  if (fragment !== "") throw wrong("a URL ends with its query");
  const split = splitHost(authority);
  if (!("value" in split)) {
    throw wrong(authority === "" || "problem" in split ? `a URL is written ${LOOKS}` : "a URL has one host");
  }
  const { host, port } = split.value;
  const given = new Map<string, Given>();
  const add = (key: string, entry: { readonly called: string; readonly value: string }): void => {
    if (given.has(key)) throw wrong(`a URL says ${key} once`);
    given.set(key, { source: `${at.place}: ${entry.called}`, from: at.from, texts: [entry.value] });
  };
  if (tls) add("tls", { called: `${TLS_SCHEME}://`, value: "true" });
  add("host", { called: "host", value: host });
  if (port !== undefined) add("pub-port", { called: "port", value: port });
  for (const [key, value] of new URLSearchParams(query)) {
    const row = at.rows.get(key);
    if (row === undefined) {
      throw unknownKey(key, {
        place: at.place,
        known: at.rows.keys(),
        keys: `its query has ${[...at.rows.keys()].join(", ")}`,
      });
    }
    add(key, {
      called: key,
      value: row.takes === "none" ? flagText(key, { value, place: at.place }) : value,
    });
  }
  return given;
}

const SCHEME = "hashbus";
const TLS_SCHEME = "hashbuss";
const URL_PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?(#.*)?$/i;
const LOOKS = "hashbus://host:9000?sub-port=9090";

/** `?no-reconnect` is the same as `?no-reconnect=true`. */
function flagText(key: string, { value, place }: { readonly value: string; readonly place: string }): string {
  if (value === "" || value === "true") return "true";
  if (value === "false") return value;
  throw new UsageError(`${place}: ${key} takes true or false, not ${quote(value)}`);
}
