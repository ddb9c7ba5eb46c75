/**
 * The topics of a world, and the names of its groups.
 *
 * @module
 */

export const DURABLE = ["#d.a", "#d.b", "#d.b.x", "#d.c.y", "#d.b.x.ü"];
export const MEMORY = ["#m.a", "#m.b", "#m.b.x", "#m.ü.x"];
/** Who has many topics has those of these with a number behind it. */
export const MANY = { durable: "#d.n", memory: "#m.n" };
/** What is subscribed to. */
export const PATTERNS = [
  "#d.>",
  "#d.a",
  "#d.b",
  "#d.*.x",
  "#d.b.>",
  "#m.>",
  "#m.a",
  "#m.*",
  "#>",
  "#*.b.>",
  "#d.*",
  "#m.*.x",
  "#*.n.*",
  "#d.n.3",
];

/** Patterns that members of groups share, of topics in memory. */
export const SHARED = ["#m.>", "#m.>", "#m.a", "#m.*", "#m.b.>"];
/** And of those that are stored. */
export const QUEUES = ["#d.>", "#d.>", "#d.a", "#d.*", "#d.b.>", "#*.b.>"];
export const GROUPS = ["g", "g", "g", "ü"];
