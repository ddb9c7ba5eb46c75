/**
 * The topics of a world, and the names of its groups.
 *
 * @module
 */

export const DURABLE = ["#d.a", "#d.b", "#d.b.x", "#d.c.y", "#d.b.x.ü"];
export const MEMORY = ["#m.a", "#m.b", "#m.b.x", "#m.ü.x"];
/** Who has many topics has those of these with a number behind it. */
export const MANY = { durable: "#d.n", memory: "#m.n" };
export const GROUPS = ["g", "g", "g", "ü"];

/** All topics there are in a world, but for those of who is hostile. */
export function topicsOf(): string[] {
  const all = [...DURABLE, ...MEMORY, "#m.answers"];
  for (let at = 1; at <= 60; at++) all.push(`${MANY.durable}.${at}`, `${MANY.memory}.${at}`);
  const letters = [...new Set(GROUPS)].flatMap((group) =>
    all.filter((topic) => topic.startsWith("#d.")).map((topic) => `#dead.${group}.${topic.slice(1)}`)
  );
  return [...all, ...letters];
}
