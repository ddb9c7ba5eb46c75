/**
 * `--groups`, `--reset-group`, `--delete-group`, `--redrive`: by the broker that has the store open, or by
 * one that is opened for it.
 *
 * @module
 */
import { Broker } from "../../../broker/broker.ts";
import type { From, GroupListing, GroupName } from "../../../broker/mod.ts";
import { RunError } from "../../../errors.ts";
import { readPosition } from "../../../positions.ts";
import { countOf, quote } from "../../../text.ts";
import { type Start, withSecondsHint } from "../../options/position.ts";
import { printLine } from "../../output/stdio.ts";
import { answer, ask, type GroupsAnswer, type GroupsRequest } from "./control.ts";
import type { CalledGroup, GroupsJob } from "./options.ts";
import { groupsJson, groupsTable } from "./table.ts";

/** Does it; the exit code. Rejects with RunError. */
export async function runGroups(dir: string, job: GroupsJob): Promise<number> {
  await using asked = new Asked(dir);
  if (job.do === "redrive") {
    const redriven = await asked.redrive(job.name);
    printLine(`${countOf(redriven, "dead letter")} of group ${quote(job.name)} redriven`);
    return 0;
  }
  const groups = await asked.groups();
  switch (job.do) {
    case "list":
      for (const line of job.json ? groupsJson(groups) : listed(groups)) printLine(line);
      return 0;
    case "reset": {
      const group = find(groups, job.group);
      await asked.change({ do: "reset", group, ...fromOf(job.from) }, group).catch((error) => {
        throw withSecondsHint(error, job.from);
      });
      printLine(`${shown(group)} begins anew`);
      return 0;
    }
    case "delete": {
      const group = find(groups, job.group);
      await asked.change({ do: "delete", group }, group);
      printLine(`${shown(group)} is deleted`);
      return 0;
    }
  }
}

function listed(groups: readonly GroupListing[]): readonly string[] {
  return groups.length === 0 ? ["no groups"] : groupsTable(groups, Date.now());
}

/** Who answers: a broker that runs, else one of its own, which takes nobody. */
class Asked implements AsyncDisposable {
  readonly #dir: string;
  #own: Broker | undefined;

  constructor(dir: string) {
    this.#dir = dir;
  }

  async groups(): Promise<readonly GroupListing[]> {
    const told = await this.#ask({ do: "list" });
    if ("groups" in told) return told.groups;
    throw new RunError(`the broker that runs in ${quote(this.#dir)} gave no list of groups`);
  }

  async change(request: GroupsRequest, group: GroupName): Promise<void> {
    const told = await this.#ask(request);
    if (!("changed" in told) || !told.changed) {
      throw new RunError(`${shown(group)} is not stored: it has only members`);
    }
  }

  async redrive(name: string): Promise<number> {
    const told = await this.#ask({ do: "redrive", name });
    if ("redriven" in told) return told.redriven;
    throw new RunError(`the broker that runs in ${quote(this.#dir)} redrove nothing`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#own?.close();
  }

  async #ask(request: GroupsRequest): Promise<Exclude<GroupsAnswer, { error: string }>> {
    const told = this.#own === undefined ? await ask(this.#dir, request) : undefined;
    const given = told ?? await answer(this.#own ??= await this.#open(), request);
    if ("error" in given) throw new RunError(given.error);
    return given;
  }

  async #open(): Promise<Broker> {
    const { requireStoreIn } = await import("../../../store/mod.ts");
    requireStoreIn(this.#dir);
    return await Broker.open({ data: this.#dir });
  }
}

function find(groups: readonly GroupListing[], { name, pattern }: CalledGroup): GroupName {
  const found = groups.filter((group) =>
    group.name === name && (pattern === undefined || group.pattern === pattern)
  );
  const [first, second] = found;
  if (first === undefined) {
    const what = pattern === undefined ? quote(name) : quote(`${name}${pattern}`);
    throw new RunError(`there is no group ${what}: --groups lists those there are`);
  }
  if (second === undefined) return { name, pattern: first.pattern };
  const names = found.map((group) => quote(`${name}${group.pattern}`)).join(", ");
  throw new RunError(`several groups have the name ${quote(name)}: say which, ${names}`);
}

function shown({ name, pattern }: GroupName): string {
  return `group ${quote(name)} of ${quote(pattern)}`;
}

/** Where it begins, by this machine's clock. */
function fromOf(start: Start): { readonly from?: From } {
  if (start === "now") return {};
  if (start === "earliest") return { from: { kind: "earliest" } };
  const text = start instanceof Date ? start.toISOString() : `${start}`;
  const from = readPosition(text, Date.now());
  if (from === undefined) throw new TypeError(`${text} is no place to begin`);
  return { from };
}
