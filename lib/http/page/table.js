// @ts-check
/// <reference lib="dom" />
/**
 * A table of what comes again and again.
 *
 * @module
 */
import { useRef } from "preact/hooks";
import { html } from "./html.js";

/**
 * @template Row
 * @typedef {object} Column
 * @property {string} title
 * @property {string} [kind] classes: `number`, `name`, `tight`; `wide` is not shown where there is no room
 * @property {(row: Row) => unknown} cell
 */

/**
 * Who points at a row, or has come to it with Tab, finds it in its place with the next answer, too.
 *
 * @template Row
 * @param {{ caption: string, columns: readonly Column<Row>[], rows: readonly Row[],
 *   keyOf: (row: Row) => string | number, empty: string }} props
 */
export function Table({ caption, columns, rows, keyOf, empty }) {
  const body = useRef(/** @type {HTMLElement | null} */ (null));
  const order = useRef(/** @type {readonly (string | number)[]} */ ([]));
  const isHeld = body.current?.matches(":hover, :focus-within") ?? false;
  const shown = isHeld ? inOrder(rows, { keyOf, order: order.current }) : rows;
  order.current = shown.map((row) => keyOf(row));
  if (rows.length === 0) return html`<p class="quiet">${empty}</p>`;
  return html`
    <div class="scroll">
      <table>
        <caption class="out-of-sight">${caption}</caption>
        <thead>
          <tr>${columns.map(({ title, kind = "" }) => html`<th scope="col" class=${kind}>${title}</th>`)}</tr>
        </thead>
        <tbody ref=${body}>${shown.map((row) =>
          html`<tr key=${keyOf(row)}>${
            columns.map(({ kind = "", cell }) => html`<td class=${kind}>${cell(row)}</td>`)
          }</tr>`
        )}</tbody>
      </table>
    </div>
  `;
}

/**
 * Rows as they stood before, new ones behind them.
 *
 * @template Row
 * @param {readonly Row[]} rows
 * @param {{ keyOf: (row: Row) => string | number, order: readonly (string | number)[] }} before
 * @returns {readonly Row[]}
 */
export function inOrder(rows, { keyOf, order }) {
  const places = new Map(order.map((key, at) => [key, at]));
  const placeOf = (/** @type {Row} */ row) => places.get(keyOf(row)) ?? order.length;
  return rows.toSorted((one, other) => placeOf(one) - placeOf(other));
}

/**
 * How full something is.
 *
 * @param {{ part: number, level: "" | "warn" | "bad" }} props `part`: 0 to 1
 */
export function Bar({ part, level }) {
  const width = `${Math.min(100, Math.max(0, part * 100)).toFixed(0)}%`;
  return html`<span class="bar ${level}" aria-hidden="true"><i style=${{ width }}></i></span>`;
}

/**
 * That a list may not be seen, or cannot be had, in its place.
 *
 * @param {{ refused: import("./api.js").Refused }} props
 */
export function RefusedNote({ refused }) {
  const why = refused.status === 403 ? "Not for this account" : "Not available";
  return html`<p class="warn">${why}: ${refused.message}</p>`;
}
