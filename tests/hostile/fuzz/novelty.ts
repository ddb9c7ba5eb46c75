/**
 * Whether a broker has answered in a way in which it has not before: what a mutation is kept for.
 *
 * @module
 */

/** Remembers which answer came behind which. */
export class Novelty {
  readonly #known = new Set<string>();

  get size(): number {
    return this.#known.size;
  }

  /** Whether two answers follow one another in it as none have before; they are known from then on. */
  isNew(response: string): boolean {
    const before = this.#known.size;
    let last = "";
    for (const line of response.split("\n")) {
      const shape = shapeOf(line);
      if (shape !== last) this.#known.add(`${last}\n${shape}`);
      last = shape;
    }
    return this.#known.size > before;
  }
}

/** What is the same of lines that differ in names and numbers. */
export function shapeOf(line: string): string {
  if (/^(err|bye|info) /.test(line)) return line.replace(/"[^"]*"/g, '""').replace(/\d+/g, "0").slice(0, 120);
  if (/^(ok|batch|pub|gap) /.test(line)) {
    const [verb, ...words] = line.split(" ");
    return [verb, ...words.filter((word) => word.includes("=")).map((word) => word.split("=")[0])].join(" ")
      .slice(0, 80);
  }
  if (/^(OK|OK_2|pong|ERR_[A-Z_]+)$/.test(line)) return line;
  if (line.startsWith("HTTP/1.1 ")) return line.slice(0, 12);
  // what JSON says of a problem; other lines of HTTP tell nothing
  if (line.startsWith("{")) {
    return /"detail":"[^"]*/.exec(line)?.[0].replace(/\d+/g, "0").slice(0, 100) ?? "{";
  }
  return line.startsWith("#") ? "#" : line === "" ? "" : "?";
}
