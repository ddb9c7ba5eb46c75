// @ts-check
/// <reference lib="dom" />
/**
 * A topic's or a pattern's own page: what it is, its messages as they come and came, and one of one's own.
 *
 * @module
 */
import { pathOf } from "./api.js";
import { perSecond, size, whole } from "./format.js";
import { html } from "./html.js";
import { MessagesPanel } from "./messages.js";
import { PublishForm } from "./publish.js";
import { RefusedNote, Table } from "./table.js";
import { useAnswer, useFeed } from "./use.js";

/** @param {{ app: import("./use.js").App, topic: string }} props */
export function TopicView({ app, topic }) {
  const { broker } = useFeed(app.feed);
  const isPattern = topic.split(".").some((segment) => ["*", ">", "#*", "#>"].includes(segment));
  return html`
    <section aria-labelledby="title">
      <h1 id="title" tabindex="-1" class="mono">${topic}</h1>
    </section>
        ${!isPattern && html`<${About} app=${app} topic=${topic} />`}
        <div class="columns">
          <${MessagesPanel} app=${app} pattern=${topic} storing=${broker.store !== null} />
          ${!isPattern && html`<${PublishForm} app=${app} topic=${topic} />`}
        </div>
  `;
}

/** @param {{ app: import("./use.js").App, topic: string }} props */
function About({ app, topic }) {
  const { answer, refused } = useAnswer(app.feed, pathOf(topic), 1);
  if (refused !== undefined) return html`<${RefusedNote} refused=${refused} />`;
  if (answer === undefined) return null;
  const facts = [
    ["Rate", perSecond(answer.rate), "rate"],
    ["Bytes/s", size(answer.byte_rate), "bytes"],
    ["Messages", whole(answer.messages), "messages"],
    ["Subscribers", whole(answer.subscribers), "subscribers"],
    ["Stored", storedOf(answer), "stored"],
  ];
  return html`
    <dl class="tiles ages">${facts.map(([title, value, name]) =>
      html`
        <div class="tile" data-tile=${name} key=${name}>
          <dt>${title}</dt>
          <dd>${value}</dd>
        </div>
      `
    )}</dl>
    <section class="panel ages" aria-labelledby="subscribed">
      <header>
        <h2 id="subscribed">Who gets it</h2>
      </header>
      <${Table} caption="Who gets it" rows=${answer.subscriptions} columns=${COLUMNS}
        keyOf=${(/** @type {any} */ { connection, pattern }) => `${connection} ${pattern}`}
        empty="Nobody is subscribed to it." />
    </section>
  `;
}

/** @param {any} answer @returns {string} */
function storedOf({ durable, first, last }) {
  if (!durable) return "no";
  return first === null ? "nothing yet" : `${whole(first)} – ${whole(last)}`;
}

const COLUMNS = [
  {
    title: "Connection",
    kind: "name",
    cell: (/** @type {any} */ { id, connection }) => id || `(${connection})`,
  },
  { title: "By", kind: "mono", cell: (/** @type {any} */ { pattern }) => pattern },
  { title: "Group", kind: "", cell: (/** @type {any} */ { group }) => group ?? "–" },
  {
    title: "State",
    kind: "tight",
    cell: (/** @type {any} */ { slow }) =>
      slow ? html`<span class="tag bad">slow</span>` : html`<span class="quiet">ok</span>`,
  },
];
