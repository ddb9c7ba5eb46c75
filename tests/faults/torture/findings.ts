/**
 * What an oracle has found, and what it calls a message.
 *
 * @module
 */
import type { Connection, Message } from "./history.ts";

/** The first few of each kind, and how many there were. */
export class Findings {
  readonly told: string[] = [];
  readonly #who: string;
  readonly #counts = new Map<string, number>();

  constructor(who: string) {
    this.#who = who;
  }

  add(kind: string, what: string): void {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count <= 3) this.told.push(`${this.#who}: ${kind}: ${what}`);
    if (count === 4) this.told.push(`${this.#who}: ${kind}: and more`);
  }
}

export function nameOf({ publisher, number, topic }: Message): string {
  return `${publisher}.${number} of ${topic}`;
}

/** What a connection asked for and when, for who looks into a finding. */
export function asked({ subscriptions, happened }: Connection, since: number): string {
  const s = (at: number | undefined): string => at === undefined ? "-" : ((at - since) / 1000).toFixed(2);
  const all = subscriptions.map(({ pattern, policy, from, to, okAt, unsubAt }) =>
    `${pattern} ${policy}${from === undefined ? "" : ` from=${from}`}${to === undefined ? "" : ` to=${to}`}` +
    ` ${s(okAt)}..${s(unsubAt)}`
  );
  const infos = happened.filter(({ is }) => is === "live" || is === "end" || is === "failed");
  return [...all, ...infos.map((info) => `${info.is} ${"pattern" in info ? info.pattern : ""} ${s(info.at)}`)]
    .join("; ");
}

export function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
