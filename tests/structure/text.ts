/**
 * What stands in the sources.
 *
 * @module
 */
import type { Source } from "./sources.ts";

const NOT_IN_THE_CORE =
  /\b(Date|performance|setTimeout|setInterval|Math\.random|crypto|Deno\.|node:|await|async|fetch|Promise)\b|\bDeno\./;
const BESIDE_THE_PORT =
  /\b(Date\.now|performance|setTimeout|setInterval|clearTimeout|Math\.random|crypto|Deno\.connect)\b/;
const KEYED_BY_PEERS = /Object\.create\(|\bas Record<string, (?!unknown)/;

/** Where code that only decides does something itself: reads a clock, draws a number, waits, does I/O. */
export function notOfTheCore(sources: readonly Source[]): string[] {
  return inCode(sources, NOT_IN_THE_CORE);
}

/** Where code that is given time, chance and the network takes them itself. */
export function besideThePort(sources: readonly Source[]): string[] {
  return inCode(sources, BESIDE_THE_PORT);
}

/** Where something stands that is no comment and no text. */
function inCode(sources: readonly Source[], what: RegExp): string[] {
  return sources.flatMap(({ path, text }) => {
    const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "").replace(/"(?:[^"\\]|\\.)*"/g, '""');
    const found = what.exec(code);
    return found === null ? [] : [`${path}: ${found[0]}`];
  });
}

/** Where an object may get keys that peers chose. */
export function keyedByPeers(sources: readonly Source[]): string[] {
  return sources.filter(({ text }) => KEYED_BY_PEERS.test(text)).map(({ path }) => path);
}

/** Files of more than `most` lines. */
export function longFiles(sources: readonly Source[], most: number): string[] {
  return sources.filter(({ text }) => text.split("\n").length > most).map(({ path }) => path);
}

/** Lines of more than `most` characters, comments and texts too. */
export function longLines(sources: readonly Source[], most: number): string[] {
  return sources.flatMap(({ path, text }) =>
    text.split("\n").flatMap((line, at) => {
      const length = [...line].length;
      return length > most ? [`${path}:${at + 1} has ${length} characters`] : [];
    })
  );
}

/** Files that start a process which goes on by themselves, and not by the one starter of processes. */
export function starters(sources: readonly Source[], starter: string): string[] {
  return sources.filter(({ path, text }) => path !== starter && /\.spawn\(\)/.test(text)).map(({ path }) =>
    path
  );
}
