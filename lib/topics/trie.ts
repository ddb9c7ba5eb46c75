/**
 * Patterns and what belongs to them, found by topic.
 *
 * A node a segment; `*` and `>` have slots of their own, so a match walks at most two branches a segment and
 * never a regular expression. Time to match grows with the segments and with the patterns that match, not
 * with those that do not.
 *
 *     #a.b   #a.*   #>         root ── a ── b {#a.b}
 *                               │      └─ * {#a.*}
 *                               └─ rest {#>}
 *
 * @module
 */
import { segmentsOf } from "./topic.ts";

interface Node<V> {
  /** By segment. A Map, never an object: segments are what peers name. */
  children: Map<string, Node<V>> | undefined;
  /** One segment, whatever it is: `*`. */
  one: Node<V> | undefined;
  /** Values of the pattern that ends here. */
  here: Values<V>;
  /** Values of the pattern that ends here with `>`: all topics with at least one segment more. */
  rest: Values<V>;
}

/** Most patterns have one value, and a set for it would be most of what a subscription costs. */
type Values<V> = { readonly only: V } | Set<V> | undefined;

/** A set of (pattern, value) pairs. Patterns and topics are canonical: see {@link import("./topic.ts")}. */
export class Trie<V> {
  readonly #root: Node<V> = emptyNode();
  #size = 0;

  /** How many pairs it holds. */
  get size(): number {
    return this.#size;
  }

  /** Adds a pair; false if it was there. */
  add(pattern: string, value: V): boolean {
    const segments = segmentsOf(pattern);
    let node = this.#root;
    for (const segment of segments) {
      if (segment === ">") {
        if (has(node.rest, value)) return false;
        node.rest = including(node.rest, value);
        this.#size++;
        return true;
      }
      if (segment === "*") node = node.one ??= emptyNode();
      else node = childOf(node, segment);
    }
    if (has(node.here, value)) return false;
    node.here = including(node.here, value);
    this.#size++;
    return true;
  }

  /** Takes a pair out; false if it was not there. Branches that hold nothing any more go with it. */
  remove(pattern: string, value: V): boolean {
    const removed = removeBelow(this.#root, segmentsOf(pattern), { at: 0, value });
    if (removed) this.#size--;
    return removed;
  }

  /** Adds to `found` the values of every pattern that takes in the topic, each once. */
  match(topic: string, found: Set<V>): void {
    collect(this.#root, segmentsOf(topic), { at: 0, found });
  }
}

function has<V>(values: Values<V>, value: V): boolean {
  return values instanceof Set ? values.has(value) : values?.only === value;
}

function including<V>(values: Values<V>, value: V): Values<V> {
  if (values === undefined) return { only: value };
  return values instanceof Set ? values.add(value) : new Set([values.only, value]);
}

function excluding<V>(values: Values<V>, value: V): Values<V> {
  if (!(values instanceof Set)) return undefined;
  values.delete(value);
  return values.size === 0 ? undefined : values;
}

function emptyNode<V>(): Node<V> {
  return { children: undefined, one: undefined, here: undefined, rest: undefined };
}

function childOf<V>(node: Node<V>, segment: string): Node<V> {
  const children = node.children ??= new Map();
  let child = children.get(segment);
  if (child === undefined) {
    child = emptyNode();
    children.set(segment, child);
  }
  return child;
}

function collect<V>(node: Node<V>, segments: readonly string[], state: { at: number; found: Set<V> }): void {
  const { at, found } = state;
  if (at === segments.length) {
    addAll(found, node.here);
    return;
  }
  addAll(found, node.rest);
  const child = node.children?.get(segments[at]!);
  if (child !== undefined) collect(child, segments, { at: at + 1, found });
  if (node.one !== undefined) collect(node.one, segments, { at: at + 1, found });
}

function addAll<V>(found: Set<V>, values: Values<V>): void {
  if (values === undefined) return;
  if (values instanceof Set) { for (const value of values) found.add(value); }
  else found.add(values.only);
}

function removeBelow<V>(
  node: Node<V>,
  segments: readonly string[],
  state: { at: number; value: V },
): boolean {
  const { at, value } = state;
  const segment = segments[at];
  if (segment === undefined) {
    const there = has(node.here, value);
    if (there) node.here = excluding(node.here, value);
    return there;
  }
  if (segment === ">") {
    const there = has(node.rest, value);
    if (there) node.rest = excluding(node.rest, value);
    return there;
  }
  const child = segment === "*" ? node.one : node.children?.get(segment);
  if (child === undefined || !removeBelow(child, segments, { at: at + 1, value })) return false;
  if (isEmpty(child)) {
    if (segment === "*") node.one = undefined;
    else node.children?.delete(segment);
    if (node.children?.size === 0) node.children = undefined;
  }
  return true;
}

function isEmpty<V>(node: Node<V>): boolean {
  return node.children === undefined && node.one === undefined && node.here === undefined &&
    node.rest === undefined;
}
