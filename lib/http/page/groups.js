// @ts-check
/**
 * Groups, those that are furthest behind first.
 *
 * @module
 */
import { duration, whole } from "./format.js";
import { html } from "./html.js";
import { linkTo } from "./routes.js";
import { RefusedNote, Table } from "./table.js";
import { useAnswer } from "./use.js";

const SHOWN = 100;

/** @param {{ app: import("./use.js").App }} props */
export function GroupsView({ app }) {
  return html`
    <section class="panel ages" aria-labelledby="title">
      <header>
        <h1 id="title" tabindex="-1">Groups</h1>
        <p class="quiet small">work that is shared; those furthest behind first</p>
      </header>
      <${GroupList} app=${app} shown=${SHOWN} />
    </section>
  `;
}

/** @param {{ app: import("./use.js").App, shown: number }} props */
export function GroupList({ app, shown }) {
  const { answer, refused } = useAnswer(app.feed, `/api/groups?limit=${shown}`, 3);
  if (refused !== undefined) return html`<${RefusedNote} refused=${refused} />`;
  if (answer === undefined) return html`<p class="quiet">…</p>`;
  return html`
    <${Table} caption="Groups" rows=${answer.groups} empty="There are no groups."
      keyOf=${(/** @type {any} */ { name, pattern }) => `${name} ${pattern}`} columns=${columnsAt(
        Date.parse(app.feed.state.broker.time),
      )} />
  `;
}

/** @param {number} now by the broker's clock */
function columnsAt(now) {
  return [
    {
      title: "Group",
      kind: "name",
      cell: (/** @type {any} */ { name, pattern }) =>
        html`${name} <a href=${linkTo(pattern)} class="quiet">${pattern}</a>`,
    },
    {
      title: "Members",
      kind: "number",
      cell: (/** @type {any} */ { members, lag }) =>
        members === 0 && lag > 0 ? html`<b class="bad">0</b>` : whole(members),
    },
    { title: "Behind", kind: "number", cell: (/** @type {any} */ { lag }) => whole(lag) },
    {
      title: "Being worked on",
      kind: "number wide",
      cell: (/** @type {any} */ { outstanding }) => whole(outstanding),
    },
    {
      title: "Oldest",
      kind: "number",
      cell: (/** @type {any} */ { oldest }) =>
        oldest === null || oldest === undefined ? "–" : duration(Math.max(0, now - Date.parse(oldest))),
    },
    { title: "Acknowledges", kind: "wide", cell: (/** @type {any} */ { ack }) => ack ?? "–" },
  ];
}
