/**
 * Accounts of a broker that is tortured: everybody is let in by address as who may do everything, and one logs in
 * who may do little, asks for more than that, and whose rights are taken away and given back.
 *
 * @module
 */
import { COST_LEAST, hashSecret } from "../../../lib/auth/secrets.ts";
import type { Choice } from "./choice.ts";
import { matches } from "./history.ts";
import { delay, type World } from "./honest.ts";
import { Peer } from "./peer.ts";
import { type Actor, keepOn } from "./workload.ts";

const USER = "guest";
const TOKEN = "gu3st-s3cret";
/** What it may receive and publish; the second not always. */
const ALWAYS = "#t.a";
const SOMETIMES = "#t.b";
const OWN = "#guest.own";
const DENIED = "#guest.denied";
/** Until what was written in the file is in force, what waited is read, and a busy machine has come to both. */
const IN_FORCE_MS = 4000;
const ASK_MS = 30;
const WRONG_MOST = 10;

/** A file of accounts. */
export class GuestFile {
  readonly path: string;
  readonly #secrets: readonly [string, string];
  /** Whether it may receive the second topic now, and since when that is so. */
  may = true;
  since = -Infinity;

  private constructor(path: string, secrets: readonly [string, string]) {
    this.path = path;
    this.#secrets = secrets;
  }

  static async write(path: string): Promise<GuestFile> {
    const file = new GuestFile(path, [
      await hashSecret("everyb0dy", COST_LEAST),
      await hashSecret(TOKEN, COST_LEAST),
    ]);
    await file.set(true);
    return file;
  }

  async set(may: boolean): Promise<void> {
    const [everybody, guest] = this.#secrets;
    const topics = may ? [ALWAYS, SOMETIMES, OWN] : [ALWAYS, OWN];
    const text = `[classic_as]
user = "everybody"
from = ["127.0.0.1"]

[[user]]
name = "everybody"
publish = ["#>"]
subscribe = ["#>"]
secret = "${everybody}"

[[user]]
name = "${USER}"
publish = ["${OWN}"]
subscribe = ${JSON.stringify(topics)}
secret = "${guest}"
`;
    await Deno.writeTextFile(`${this.path}.new`, text, { mode: 0o600 });
    await Deno.rename(`${this.path}.new`, this.path);
    this.may = may;
    this.since = performance.now();
  }
}

/** What is wrong with what it was allowed, a sentence each. */
export interface GuestActor extends Actor {
  readonly wrong: readonly string[];
}

export function visiting(
  world: World,
  { file, choice }: { readonly file: GuestFile; readonly choice: Choice },
): GuestActor {
  const wrong: string[] = [];
  const add = (what: string): void => void (wrong.length < WRONG_MOST && wrong.push(`guest: ${what}`));
  let on = true;
  const login = ` user=${USER} token=${TOKEN}`;
  const listens = async (): Promise<void> => {
    const peer = await Peer.connect(world.subPort, {
      v2: true,
      login,
      message: (topic) => {
        const settled = performance.now() - file.since > IN_FORCE_MS;
        const allowed = [ALWAYS, OWN, ...settled && !file.may ? [] : [SOMETIMES]];
        if (!allowed.some((pattern) => matches(pattern, topic))) add(`received ${topic}`);
        else world.counters.add("allowed");
      },
    });
    for (const pattern of ["#>", "#t.>", "#d.>", ALWAYS, SOMETIMES, OWN, DENIED]) {
      await peer.ask(`sub ${pattern} slow=drop-old\n`);
    }
    while (on && !peer.closed) await delay(100);
    peer.close();
  };
  const speaks = async (): Promise<void> => {
    const peer = await Peer.connect(world.pubPort, { v2: true, login });
    while (on && !peer.closed) {
      const topic = choice.of([OWN, DENIED, ALWAYS, "#d.h.a", "#q.lines"]);
      const answer = await peer.ask(`pub ${topic} 5\nguest\n`);
      if (answer === undefined) break;
      if (answer.ok !== (topic === OWN)) {
        if (!/BUSY/.test(answer.line)) add(`published to ${topic}: ${answer.line}`);
      } else if (!answer.ok) world.counters.add("denied");
      await delay(ASK_MS);
    }
    peer.close();
  };
  const changes = async (): Promise<void> => {
    await delay(choice.number(500, IN_FORCE_MS + 2000));
    if (!on) return;
    await file.set(!file.may);
    world.counters.add("rights");
  };
  const done = Promise.all([listens, speaks, changes].map((each) => keepOn(() => on, each)));
  return { wrong, done: done.then(() => {}), stop: () => void (on = false) };
}
