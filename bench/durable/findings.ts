/**
 * What the checks of a store show.
 *
 * @module
 */
import { columns } from "../table.ts";

/** One figure. */
export interface Finding {
  /** The check it is from. */
  readonly check: string;
  readonly title: string;
  /** As a person reads it. */
  readonly text: string;
  readonly value: number;
  /** What was promised of it. */
  readonly promise?: { readonly text: string; readonly met: boolean };
}

/** A row a figure. */
export function findingTable(findings: readonly Finding[]): string {
  if (findings.length === 0) return "";
  const rows = findings.map(({ title, text, promise }) => [
    title,
    text,
    promise?.text ?? "",
    promise === undefined ? "" : promise.met ? "met" : "missed",
  ]);
  return columns([["stored", "shown", "it must show", ""], ...rows]);
}

/** Bytes a second, in millions. */
export function megabytes(value: number): string {
  return `${(value / 1e6).toFixed(0)} MB/s`;
}
