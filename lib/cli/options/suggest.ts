/**
 * "Did you mean": the known word that a mistyped one is nearest to.
 *
 * @module
 */

/** The nearest of the known words, if it is near enough that a slip of the finger explains it. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.min(3, Math.ceil(word.length / 2)) + 0.5;
  for (const candidate of known) {
    // each of these is a slip, and a word may have megabytes
    if (word.length - candidate.length > least) continue;
    // a word that was broken off is nearer than its missing letters say
    const isPart = word.length > 2 && (candidate.startsWith(word) || candidate.endsWith(`-${word}`));
    const distance = isPart ? 1 : slips(word, candidate);
    // where every letter of one is another there is nothing to be near in
    if (distance < Math.min(least, word.length, candidate.length)) {
      [best, least] = [candidate, distance];
    }
  }
  return best;
}

/** Letters to insert, drop, replace or swap with a neighbour until one word is the other. */
function slips(from: string, to: string): number {
  let before: number[] = [];
  let above = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(cell(above, j) + 1, cell(row, j - 1) + 1, cell(above, j - 1) + (same ? 0 : 1));
      // before the first letter of either there is none, which no letter is the same as
      if (from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        cost = Math.min(cost, cell(before, j - 2) + 1);
      }
      row.push(cost);
    }
    [before, above] = [above, row];
  }
  return cell(above, to.length);
}

function cell(row: readonly number[], at: number): number {
  return row[at] ?? Infinity;
}
