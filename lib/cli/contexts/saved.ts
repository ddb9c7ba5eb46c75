/**
 * The saved connection that a client takes: the one that `--context` names, else what HASHBUS_URL says, else
 * the default of the file. One is taken whole: what it leaves out is not looked for in another.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import { tableGiven } from "../options/config.ts";
import { nearest } from "../options/suggest.ts";
import { type Connects, type Given, type Option, option } from "../options/table.ts";
import { WORD } from "../options/units.ts";
import { readValues } from "../options/values.ts";
import { variable } from "../process/environment.ts";
import { configPath, type ContextFile, readContexts } from "./file.ts";
import { urlGiven } from "./url.ts";

const URL_VARIABLE = "HASHBUS_URL";
/** The key of a context that says as a URL what the others say one by one. */
const URL_KEY = "url";

/** A client and what its command line says. */
export interface Wanted {
  readonly name: string;
  readonly connects: Connects;
  readonly given: ReadonlyMap<string, Given>;
}

/** What the saved connection gives for the options of the client. Throws UsageError with the place. */
export function savedGiven({ name, connects, given }: Wanted): ReadonlyMap<string, Given> {
  const saved = choose(connects, given.get("context"));
  if (saved === undefined) return new Map();
  // the whole of it has to be right, also what is another client's
  readValues({ name, options: connects.saved }, [saved.given]);
  if (!given.has("port")) checkPorts(saved, connects);
  const port = saved.given.get(connects.port);
  return port === undefined ? saved.given : new Map(saved.given).set("port", port);
}

/** A saved connection. */
interface Saved {
  readonly place: string;
  readonly given: ReadonlyMap<string, Given>;
}

function choose(connects: Connects, asked: Given | undefined): Saved | undefined {
  const name = asked?.texts.at(-1);
  if (asked !== undefined && name !== undefined) {
    const file = readContexts();
    if (file === undefined) throw noFile(asked.source, name);
    return contextOf(file, { name, askedBy: asked.source, connects });
  }
  const url = variable(URL_VARIABLE);
  if (url !== undefined) {
    const place = URL_VARIABLE;
    return { place, given: urlGiven(url, { rows: rowsOf(connects), place, from: place }) };
  }
  const file = readContexts();
  if (file?.default === undefined) return undefined;
  return contextOf(file, { name: file.default, askedBy: `${file.path}: default`, connects });
}

/** A context of a file. */
function contextOf(
  file: ContextFile,
  { name, askedBy, connects }: {
    readonly name: string;
    readonly askedBy: string;
    readonly connects: Connects;
  },
): Saved {
  const table = file.contexts.get(name);
  if (table === undefined) throw noContext(file, { name, askedBy });
  const place = `${file.path}: context.${name}`;
  const from = `context ${name} in ${file.path}`;
  const rows = rowsOf(connects);
  const beside = tableGiven(table, {
    rows: new Map(rows).set(URL_KEY, option(WORD, { help: "" })),
    place,
    from,
    keys: `the keys are ${[URL_KEY, ...rows.keys()].join(", ")}`,
  });
  const url = beside.get(URL_KEY);
  if (url === undefined) return { place, given: beside };
  beside.delete(URL_KEY);
  const given = urlGiven(url.texts.at(-1) ?? "", { rows, place: url.source, from });
  for (const [key, one] of beside) {
    if (given.has(key)) throw new UsageError(`${place}: ${key} is in its url, too: say it once`);
    given.set(key, one);
  }
  return { place, given };
}

/**
 * A broker that listens for publishers elsewhere than usual does so for subscribers, too. To try the usual
 * port there would end at another broker, or at none.
 */
function checkPorts({ place, given }: Saved, { saved, port }: Connects): void {
  const pubPort = given.get("pub-port")?.texts.at(-1);
  if (port !== "sub-port" || given.has("sub-port") || pubPort === undefined) return;
  const [usual] = saved["pub-port"]?.show([]) ?? [];
  if (pubPort === usual) return;
  const add = place === URL_VARIABLE ? "sub-port=PORT to its query" : "sub-port = PORT";
  throw new UsageError(
    `${place}: ${pubPort} is the port for publishers, and the one for subscribers is not said: add ${add}`,
  );
}

function rowsOf({ saved }: Connects): ReadonlyMap<string, Option<unknown>> {
  return new Map(Object.entries(saved));
}

function noFile(source: string, name: string): UsageError {
  const path = configPath();
  const why = path === undefined
    ? "nothing says where your saved connections are (HOME is not set)"
    : `${path} is not there or may not be read`;
  return new UsageError(`${source}: there is no context ${quote(name)}: ${why}`);
}

function noContext(
  file: ContextFile,
  { name, askedBy }: { readonly name: string; readonly askedBy: string },
): UsageError {
  const names = [...file.contexts.keys()];
  const guess = nearest(name, names);
  const hint = guess === undefined ? "" : `, did you mean ${guess}?`;
  const there = names.length === 0 ? "none" : names.join(", ");
  const where = askedBy.startsWith(file.path) ? "" : ` in ${file.path}`;
  return new UsageError(`${askedBy}: there is no context ${quote(name)}${where}${hint}; there is ${there}`);
}
