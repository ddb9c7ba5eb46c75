/**
 * The line being typed: its text, its cursor, and what the keys do to them. Pure.
 *
 * @module
 */
import { characters } from "./cells.ts";
import type { Motion } from "./keys.ts";

/** Starts empty, with the lines that were entered before, the latest last. */
export class Line {
  #text = "";
  #cursor = 0;
  #deleted = "";
  readonly #history: readonly string[];
  /** Where in the history one is; its length: in the line that is new. */
  #at: number;
  #draft = "";

  /** `history` may grow while the line is empty. */
  constructor(history: readonly string[]) {
    this.#history = history;
    this.#at = history.length;
  }

  get text(): string {
    return this.#text;
  }

  /** In UTF-16 units, always between two characters. */
  get cursor(): number {
    return this.#cursor;
  }

  get before(): string {
    return this.#text.slice(0, this.#cursor);
  }

  get #after(): string {
    return this.#text.slice(this.#cursor);
  }

  insert(text: string): void {
    this.#set(this.before + text, this.#after);
  }

  /** Takes the line and begins an empty one. */
  take(): string {
    const text = this.#text;
    this.#set("", "");
    this.#draft = "";
    return text;
  }

  /** Forgets where in the history one was: after something was added to it. */
  toNewest(): void {
    this.#at = this.#history.length;
  }

  /** What a key does to the line; keys that do something else are left to the caller. */
  move(does: Motion): void {
    const { before } = this;
    const after = this.#after;
    switch (does) {
      case "left":
        return this.#to(before.length - lastOf(before).length);
      case "right":
        return this.#to(before.length + firstOf(after).length);
      case "word left":
        return this.#to(before.length - wordBefore(before).length);
      case "word right":
        return this.#to(before.length + wordAfter(after).length);
      case "home":
        return this.#to(0);
      case "end":
        return this.#to(this.#text.length);
      case "backspace":
        return this.#set(before.slice(0, before.length - lastOf(before).length), after);
      case "delete":
        return this.#set(before, after.slice(firstOf(after).length));
      case "delete to start":
        return this.#delete(before, "");
      case "delete to end":
        return this.#delete("", after);
      case "delete word":
        return this.#delete(/\S*\s*$/.exec(before)?.[0] ?? "", "");
      case "delete word right":
        return this.#delete("", wordAfter(after));
      case "yank":
        return this.insert(this.#deleted);
      case "swap":
        return this.#swap();
      case "up":
        return this.#recall(this.#at - 1);
      case "down":
        return this.#recall(this.#at + 1);
    }
  }

  #set(before: string, after: string): void {
    this.#text = before + after;
    this.#to(before.length);
  }

  #to(cursor: number): void {
    this.#cursor = cursor;
  }

  /** Takes out what stands next to the cursor, on either side, to be put back by `yank`. */
  #delete(left: string, right: string): void {
    if (left === "" && right === "") return;
    this.#deleted = left + right;
    this.#set(this.before.slice(0, this.#cursor - left.length), this.#after.slice(right.length));
  }

  /** The character before the cursor and the one at it; at the end the last two. */
  #swap(): void {
    const cursor = this.#cursor === this.#text.length
      ? this.#cursor - lastOf(this.#text).length
      : this.#cursor;
    const left = lastOf(this.#text.slice(0, cursor));
    const right = firstOf(this.#text.slice(cursor));
    if (left === "" || right === "") return;
    const rest = this.#text.slice(cursor + right.length);
    this.#set(this.#text.slice(0, cursor - left.length) + right + left, rest);
  }

  #recall(at: number): void {
    if (at < 0 || at > this.#history.length) return;
    if (this.#at === this.#history.length) this.#draft = this.#text;
    this.#at = at;
    this.#set(this.#history[at] ?? this.#draft, "");
  }
}

function firstOf(text: string): string {
  const [first = ""] = characters(text);
  return first;
}

function lastOf(text: string): string {
  // a character is short: what stands far before does not change it
  return [...characters(text.slice(-64))].at(-1) ?? "";
}

function wordBefore(text: string): string {
  return /[\p{L}\p{M}\p{N}]*[^\p{L}\p{M}\p{N}]*$/u.exec(text)?.[0] ?? "";
}

function wordAfter(text: string): string {
  return /^[^\p{L}\p{M}\p{N}]*[\p{L}\p{M}\p{N}]*/u.exec(text)?.[0] ?? "";
}
