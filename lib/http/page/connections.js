// @ts-check
/// <reference lib="dom" />
/**
 * Connections, those with the most waiting for them first.
 *
 * @module
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "./api.js";
import { nameOf } from "./findings.js";
import { shownOf, size, whole } from "./format.js";
import { html } from "./html.js";
import { linkTo } from "./routes.js";
import { Bar, RefusedNote, Table } from "./table.js";
import { useAnswer, useFeed } from "./use.js";

const SHOWN = 50;

/** @param {{ app: import("./use.js").App }} props */
export function ConnectionsView({ app }) {
  return html`
    <section class="panel ages" aria-labelledby="title">
      <header>
        <h1 id="title" tabindex="-1">Connections</h1>
        <p class="quiet small">those with the most waiting for them first</p>
      </header>
      <${ConnectionList} app=${app} shown=${SHOWN} whole=${true} />
    </section>
  `;
}

/** @param {{ app: import("./use.js").App, shown: number, whole?: boolean }} props `whole`: all columns */
export function ConnectionList({ app, shown, whole: all = false }) {
  const { answer, refused } = useAnswer(app.feed, `/api/connections?sort=queued&limit=${shown}`, 2);
  const { broker } = useFeed(app.feed);
  const [leaving, setLeaving] = useState(/** @type {any} */ (undefined));
  if (refused !== undefined) return html`<${RefusedNote} refused=${refused} />`;
  if (answer === undefined) return html`<p class="quiet">…</p>`;
  app.history.see(answer);
  const none = broker?.you.administrator ? "Nobody is connected." : "Administrators see them all.";
  const end = all && broker?.you.administrator ? setLeaving : undefined;
  return html`
    <${Table} caption="Connections" keyOf=${(/** @type {any} */ { number }) => number}
      rows=${answer.connections} empty=${none}
      columns=${columnsFor({ app, connections: answer.connections, all, end })} />
        <p class="quiet small">${shownOf(answer.connections.length, answer.total)}</p>
        ${leaving &&
          html`<${Disconnect} app=${app} connection=${leaving} onDone=${() => setLeaving(undefined)} />`}
  `;
}

/**
 * @param {{ app: import("./use.js").App, connections: readonly any[], all: boolean,
 *   end: ((connection: any) => void) | undefined }} how
 */
function columnsFor({ app, connections, all, end }) {
  const most = Math.max(1, ...connections.map((connection) => connection.queued_bytes));
  const some = [
    {
      title: "Connection",
      kind: "name",
      cell: (/** @type {any} */ connection) =>
        html`${connection.id === "" ? `(${connection.number})` : connection.id}
          <span class="quiet"> ${connection.address}</span>`,
    },
    {
      title: "Waiting for it",
      kind: "number",
      cell: (/** @type {any} */ { queued_bytes: queued, slow }) =>
        queued === 0
          ? html`<span class="quiet">–</span>`
          : html`${size(queued)}<${Bar} part=${queued / most} level=${slow ? "bad" : ""} />`,
    },
    {
      title: "State",
      kind: "tight",
      cell: (/** @type {any} */ connection) => stateOf(connection, app.history.misses(connection)),
    },
    { title: "Left out", kind: "number wide", cell: (/** @type {any} */ { dropped }) => whole(dropped) },
  ];
  if (!all) return some;
  return [
    ...some,
    { title: "Came in by", kind: "tight wide", cell: (/** @type {any} */ { listener }) => listener },
    { title: "Speaks", kind: "tight wide", cell: (/** @type {any} */ { protocol }) => protocol },
    { title: "Account", kind: "tight wide", cell: (/** @type {any} */ { account }) => account ?? "–" },
    { title: "Subscribed to", kind: "wide", cell: Patterns },
    ...(end === undefined ? [] : [{
      title: "",
      kind: "tight",
      cell: (/** @type {any} */ connection) =>
        html`
          <button class="danger" onClick=${() => end(connection)}
            aria-label="End ${nameOf(connection)}">End</button>
        `,
    }]),
  ];
}

/**
 * @param {any} connection
 * @param {boolean} misses whether messages were just left out for it
 */
function stateOf({ slow, waits }, misses) {
  if (slow) return html`<span class="tag bad">slow</span>`;
  if (misses) return html`<span class="tag warn">misses some</span>`;
  if (waits) {
    return html`<span class="tag warn" title="a subscriber of what it publishes is full">waits</span>`;
  }
  return html`<span class="quiet">ok</span>`;
}

/** @param {any} connection */
function Patterns({ subscriptions, groups, subscription_count: count, group_count: groupCount }) {
  const [first] = [...subscriptions, ...groups];
  if (first === undefined) return "–";
  const rest = (count ?? subscriptions.length) + (groupCount ?? groups.length) - 1;
  const group = first.name === undefined ? "" : ` in ${first.name}`;
  return html`<a class="cut mono" href=${linkTo(first.pattern)}>${first.pattern}${group}</a>${
    rest > 0 && html`<span class="quiet small">and ${whole(rest)} more</span>`
  }`;
}

/**
 * Asks once more, and says what became of it.
 *
 * @param {{ app: import("./use.js").App, connection: any, onDone: () => void }} props
 */
function Disconnect({ app, connection, onDone }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [wrong, setWrong] = useState("");
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  const end = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await app.api.delete(`/api/connections/${connection.number}`);
      close();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong(error.message);
    }
  };
  return html`
    <dialog ref=${dialog} onClose=${onDone} aria-labelledby="ending">
      <form onSubmit=${end}>
        <h2 id="ending">End ${nameOf(connection)}?</h2>
        <p>What waits for it (${size(
          connection.queued_bytes,
        )}) is not delivered. A client of ours connects again
            by itself.</p>
        <p class="bad" role="alert">${wrong}</p>
        <div class="row">
          <button type="button" onClick=${close}>Leave it</button>
          <button class="danger">End it</button>
        </div>
      </form>
    </dialog>
  `;
}
