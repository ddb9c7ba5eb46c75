/**
 * The values of a program's options, from the places where they may be given.
 *
 * @module
 */
import { UsageError } from "../../errors.ts";
import { quote } from "../../text.ts";
import type { Complain, Given, Program, Table, Values } from "./table.ts";

/** The values of a program's options; of several places that give one, the first holds. */
export function readValues<T extends Table>(
  program: Pick<Program<T>, "name" | "options">,
  places: readonly ReadonlyMap<string, Given>[],
): Values<T> {
  const entries = Object.entries(program.options).map(([name, row]) => {
    const given = places.find((place) => place.has(name))?.get(name);
    const complain: Complain = (text, reason) => {
      const what = row.secret === true ? "what was given" : quote(text);
      throw new UsageError(
        "problem" in reason && row.secret !== true
          ? `${given?.source}: ${reason.problem}`
          : `${given?.source} takes ${expectedBy(reason)}, not ${what}; see ${program.name} --help`,
      );
    };
    return [name, row.read(given?.texts ?? [], complain)] as const;
  });
  // each entry was read by its own row, so the types are those of the table
  return Object.fromEntries(entries) as Values<T>;
}

function expectedBy(reason: Parameters<Complain>[1]): string {
  return "expected" in reason ? reason.expected : "something else";
}
