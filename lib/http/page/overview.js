// @ts-check
/**
 * The page that is left open: what is wrong, what flows, who is slow.
 *
 * @module
 */
import { Chart } from "./chart.js";
import { ConnectionList } from "./connections.js";
import { findingsOf } from "./findings.js";
import { counted, duration, NONE, perSecond, short, size, whole } from "./format.js";
import { GroupList } from "./groups.js";
import { html } from "./html.js";
import { TopicList } from "./topics.js";
import { useAnswer, useFeed } from "./use.js";

const SHOWN = 8;

/** @param {{ app: import("./use.js").App }} props */
export function Overview({ app }) {
  const { broker } = useFeed(app.feed);
  return html`
    <h1 id="title" tabindex="-1" class="out-of-sight">Overview</h1>
    <${Findings} app=${app} />
    <div class="ages">
      <${Tiles} broker=${broker} />
    </div>
    <${Flow} app=${app} broker=${broker} />
    <div class="columns ages">
      <div class="stack">
        <section class="panel" aria-labelledby="busy">
          <${Head} id="busy" title="Busiest topics" all="All topics" href="#/topics" />
          <${TopicList} app=${app} path=${`/api/topics?sort=rate&limit=${SHOWN}`} />
        </section>
        <section class="panel" aria-labelledby="behind">
          <${Head} id="behind" title="Groups" all="All groups" href="#/groups" />
          <${GroupList} app=${app} shown=${SHOWN} />
        </section>
      </div>
      <div class="stack">
        <section class="panel" aria-labelledby="waiting">
          <${Head} id="waiting" title="Connections" all="All connections" href="#/connections" />
          <${ConnectionList} app=${app} shown=${SHOWN} />
        </section>
        <${Store} broker=${broker} />
        <${Engine} broker=${broker} />
      </div>
    </div>
  `;
}

/** @param {{ id: string, title: string, all: string, href: string }} props */
function Head({ id, title, all, href }) {
  return html`<header><h2 id=${id}>${title}</h2><a class="end" href=${href}>${all}</a></header>`;
}

/**
 * In front of everything; where nothing is wrong, that is said.
 *
 * @param {{ app: import("./use.js").App }} props
 */
function Findings({ app }) {
  const { broker } = useFeed(app.feed);
  const { answer: connections } = useAnswer(app.feed, `/api/connections?sort=queued&limit=${SHOWN}`, 2);
  const { answer: groups } = useAnswer(app.feed, `/api/groups?limit=${SHOWN}`, 3);
  app.history.see(connections);
  const found = findingsOf({
    broker,
    connections: connections?.connections ?? [],
    misses: (connection) => app.history.misses(connection),
    groups: groups?.groups ?? [],
    recent: app.history.recent,
  });
  const titles = found.map(({ title }) => title);
  // who listens hears what is new, and not each second how much of it
  return html`
    <p class="out-of-sight" role="status">${titles.length === 0 ? "All is well" : titles.join(". ")}</p>
    <ul class="findings ages" aria-label="What is wrong">${found.length === 0
      ? html`<li class="good"><b>All well</b><span class="quiet">${wellFor(broker)}</span></li>`
      : found.map(({ level, title, text, href }) =>
        html`<li class=${level} key=${title}>
          <b>${title}</b><span>${text}</span>${href && html`<a href=${href}>Show</a>`}
        </li>`
      )}</ul>
  `;
}

/** @param {any} broker @returns {string} */
function wellFor({ time, started }) {
  return `running for ${duration(Date.parse(time) - Date.parse(started))}`;
}

/** @param {{ broker: any }} props */
function Tiles({ broker }) {
  const { rates, totals, memory, outbox, store } = broker;
  return html`<dl class="tiles">
    <${Tile} title="In" kind="in" value=${perSecond(rates.published)}
      more=${`${size(rates.published_bytes)}/s`} name="published" />
    <${Tile} title="Out" kind="out" value=${perSecond(rates.delivered)}
      more=${`${size(rates.delivered_bytes)}/s`} name="delivered" />
    <${Tile} title="Connections" value=${whole(broker.connections)}
      more=${broker.slow > 0 ? `${whole(broker.slow)} slow` : "none slow"} name="connections" />
    <${Tile} title="Topics" value=${whole(broker.topics)}
      more=${counted(broker.subscriptions, "subscription")} name="topics" />
    <${Tile} title="Waiting" value=${size(outbox.queued_bytes)}
      more=${`holds ${size(memory.held_bytes)} of ${size(memory.most_bytes)}`} name="queued" />
    <${Tile} title="Left out" value=${short(totals.dropped)}
      more=${`${short(totals.refused)} refused`} name="dropped" />
    ${
    store && html`
      <${Tile} title="Stored" value=${size(store.bytes)}
        more=${`commit p99 ${duration(store.commit_p99_ms)}`} name="store" />
    `
  }
  </dl>`;
}

/** @param {{ title: string, value: string, more: string, name: string, kind?: string }} props */
function Tile({ title, value, more, name, kind = "" }) {
  return html`
    <div class="tile" data-tile=${name}>
      <dt>${title}</dt>
      <dd class=${kind}>${value}</dd>
      <dd class="more">${more}</dd>
    </div>
  `;
}

/** @param {{ app: import("./use.js").App, broker: any }} props */
function Flow({ app, broker }) {
  const { published, delivered } = broker.rates;
  const label = `Messages a second in the last five minutes; now ${perSecond(published)} in, ${
    perSecond(delivered)
  } out`;
  return html`
    <section class="panel" aria-labelledby="flow">
      <header>
        <h2 id="flow">Messages a second</h2>
        <p class="legend end"><span class="in">in</span><span class="out">out</span></p>
      </header>
      <${Chart} ...${app.history.chart} label=${label} />
    </section>
  `;
}

/** @param {{ broker: any }} props */
function Store({ broker }) {
  const { store, durable, totals } = broker;
  // what others store in common has a panel of its own
  if (store === null && broker.engine !== null) return null;
  return html`<section class="panel" aria-labelledby="stored">
    <header><h2 id="stored">Store</h2></header>
    ${
    store === null
      ? html`<p class="quiet">Nothing is stored: it was started without <span class="mono">--data</span>.</p>`
      : html`
        <table>
          <caption class="out-of-sight">What is stored</caption>
          <tbody>${[
            ["Durable topics", `${whole(store.topics)} (${durable.join(" ")})`],
            ["Messages", whole(store.messages)],
            ["On disk", size(store.bytes)],
            ["Commit, half are faster than", duration(store.commit_p50_ms)],
            ["Commit, 99 of 100 are faster than", duration(store.commit_p99_ms)],
            ["Messages a commit", short(store.batch_messages)],
            ["To be delivered later", `${whole(store.delayed)} (${size(store.delayed_bytes)})`],
            ["Dead letters", whole(totals.dead)],
          ].filter(([, value]) => value !== NONE).map(([title, value]) =>
            html`
              <tr key=${title}>
                <th scope="row">${title}</th>
                <td class="number">${value}</td>
              </tr>
            `
          )}</tbody>
        </table>
      `
  }
  </section>`;
}

/**
 * What is known of the brokers beside this one.
 *
 * @param {{ broker: any }} props
 */
function Engine({ broker: { engine } }) {
  if (engine === null) return null;
  return html`
    <section class="panel" aria-labelledby="engine">
      <header>
        <h2 id="engine">${engine.kind}</h2>
      </header>
      <table>
        <caption class="out-of-sight">What it shares with other brokers</caption>
        <tbody>${[
          [engine.up ? "Connected to" : "Away, was connected to", engine.server],
          ["Connected again", whole(engine.reconnects)],
          ["Received", `${short(engine.received)} (${size(engine.received_bytes)})`],
          ["Sent", `${short(engine.sent)} (${size(engine.sent_bytes)})`],
          ["Not taken yet", size(engine.pending_bytes)],
          ["Refused while it was away", whole(engine.refused)],
        ].map(([title, value]) =>
          html`
            <tr key=${title}>
              <th scope="row">${title}</th>
              <td class="number">${value}</td>
            </tr>
          `
        )}</tbody>
      </table>
    </section>
  `;
}
