/**
 * What a round has beside publishers and subscribers: groups, what is to come later, an account with few rights.
 *
 * @module
 */
import type { Choice } from "./choice.ts";
import { type CrewLog, sharing } from "./crew.ts";
import { judgeCrew } from "./crew_oracle.ts";
import { type GuestFile, visiting } from "./guest.ts";
import { delay, type Publisher, type World } from "./honest.ts";
import { judgeLater, postponing } from "./later.ts";
import { Peer } from "./peer.ts";
import { ACK_TIMEOUT_MS, type Settings } from "./settings.ts";
import type { Actor } from "./workload.ts";

const LOOK_MS = 200;

/**
 * Looks until nothing is open, or nothing of it was done for so long: members that take one at a time stand
 * still for a whole lease when they forget one.
 */
export async function settled(look: () => Promise<number>, { withinMs, now, pause }: {
  readonly withinMs: number;
  readonly now: () => number;
  readonly pause: () => Promise<void>;
}): Promise<void> {
  let least = Infinity;
  for (let until = Infinity; now() < until;) {
    const open = await look();
    if (open === 0) return;
    if (open < least) until = now() + withinMs;
    least = Math.min(least, open);
    await pause();
  }
}

export class Shares {
  readonly #world: World;
  readonly #crews: readonly ReturnType<typeof sharing>[];
  readonly #later: ReturnType<typeof postponing> | undefined;
  readonly #guest: ReturnType<typeof visiting> | undefined;

  constructor(world: World, { settings, choice, file }: {
    readonly settings: Settings;
    readonly choice: Choice;
    readonly file: GuestFile | undefined;
  }) {
    this.#world = world;
    const own = [false, true].map((byKey) => ({ byKey, choice: choice.own() }));
    this.#crews = settings.groups ? own.map((of) => sharing(world, of)) : [];
    this.#later = settings.delays ? postponing(world, choice.own()) : undefined;
    this.#guest = file === undefined ? undefined : visiting(world, { file, choice: choice.own() });
  }

  get actors(): readonly Actor[] {
    return [...this.#crews, ...[this.#later, this.#guest].filter((each) => each !== undefined)];
  }

  get publishers(): readonly { readonly publisher: Publisher }[] {
    return [...this.#crews, ...(this.#later === undefined ? [] : [this.#later])];
  }

  /** The broker is dead, and the next one is not there yet. */
  lost(): void {
    for (const crew of this.#crews) crew.lost();
  }

  /** Waits until all is settled and has come, and lets all leave: what is wrong, a sentence each. */
  async end({ kills, withinMs }: { readonly kills: readonly number[]; readonly withinMs: number }): Promise<
    string[]
  > {
    let wrong: string[] = [];
    const look = async (): Promise<number> => {
      const [open, found] = await this.#judge(kills);
      wrong = found;
      return open;
    };
    await settled(look, { withinMs, now: () => performance.now(), pause: () => delay(LOOK_MS) });
    await Promise.all([...this.#crews, this.#later].map((each) => each?.leave()));
    return wrong;
  }

  async #judge(kills: readonly number[]): Promise<[open: number, wrong: string[]]> {
    const crews = await Promise.all(this.#crews.map(async ({ log }) => {
      const dead = await this.#dead(log);
      return { ...judgeCrew(log, { dead, brokerKills: kills, ackTimeout: ACK_TIMEOUT_MS }), dead };
    }));
    const later = this.#later === undefined ? { open: 0, wrong: [] } : judgeLater(this.#later.log);
    const all = [...crews, later, { open: 0, wrong: this.#guest?.wrong ?? [] }];
    const open = all.reduce((sum, { open }) => sum + open, 0);
    if (open === 0) { for (const { dead } of crews) this.#world.counters.add("dead", dead.length); }
    return [open, all.flatMap(({ wrong }) => wrong)];
  }

  /** The numbers that the dead letters of a group name. */
  async #dead({ name }: CrewLog): Promise<number[]> {
    const numbers: number[] = [];
    let over = false;
    const peer = await Peer.connect(this.#world.subPort, {
      v2: true,
      message: (_topic, _payload, _seq, { fields }) =>
        void numbers.push(Number(/(?:^| )h\.dead-seq=(\d+)/.exec(fields)?.[1])),
      said: (line) => void (over ||= /"live"/.test(line)),
    });
    const answer = await peer.ask(`sub #dead.${name}.> from=earliest\n`);
    for (let waited = 0; answer?.ok === true && !over && waited < 5000; waited += 10) await delay(10);
    peer.close();
    return numbers;
  }
}
