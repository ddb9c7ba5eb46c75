// @ts-check
/// <reference lib="dom" />
/**
 * Topics, the busiest first.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";
import { Refused } from "./api.js";
import { Spark } from "./chart.js";
import { perSecond, shownOf, size, whole } from "./format.js";
import { html } from "./html.js";
import { linkTo } from "./routes.js";
import { RefusedNote, Table } from "./table.js";
import { useAnswer } from "./use.js";

const SHOWN = 50;
/** Typing does not ask for each letter. */
const TYPING_MS = 250;

/** @param {{ app: import("./use.js").App }} props */
export function TopicsView({ app }) {
  const [sought, setSought] = useState("");
  const [typed, setTyped] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setSought(typed), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const [byName, setByName] = useState(false);
  const path = `/api/topics?sort=${byName ? "name" : "rate"}&limit=${SHOWN}` +
    (sought === "" ? "" : `&contains=${encodeURIComponent(sought)}`);
  return html`
    <section class="panel" aria-labelledby="title">
      <header>
        <h1 id="title" tabindex="-1">Topics</h1>
      </header>
      <div class="row">
        <label class="grow">Part of a name
            <input type="search" name="contains" value=${typed} onInput=${(/** @type {any} */ event) =>
              setTyped(event.currentTarget.value)} />
          </label>
        <label>Order
            <select name="sort" onChange=${(/** @type {any} */ event) =>
              setByName(event.currentTarget.value === "name")}>
              <option value="rate">busiest first</option>
              <option value="name">by name</option>
            </select>
          </label>
        <${Opener} />
      </div>
      <div class="ages">
        <${TopicList} app=${app} path=${path} key=${path} whole=${true} />
      </div>
    </section>
  `;
}

/** Goes to any topic or pattern, whether anything was published to it or not. */
function Opener() {
  const open = (/** @type {any} */ event) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("open")).trim();
    if (name !== "") location.hash = linkTo(name);
  };
  return html`
    <form class="row grow" onSubmit=${open}>
      <label class="grow">Topic or pattern to open
          <input name="open" placeholder="#orders.>" autocomplete="off" spellcheck=${false} />
        </label>
      <button>Open</button>
    </form>
  `;
}

/** @param {{ app: import("./use.js").App, path: string, whole?: boolean }} props `whole`: all columns */
export function TopicList({ app, path, whole: all = false }) {
  const { answer, refused } = useAnswer(app.feed, path, 2);
  // pages that were asked for once stay behind the one that is kept fresh
  const [further, setFurther] = useState(/** @type {{ topics: any[], next: string | null }[]} */ ([]));
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    if (answer === undefined) return;
    app.history.topics.add(
      answer.topics.map((/** @type {any} */ { topic, rate }) => ({ name: topic, rate })),
    );
  }, [answer]);
  if (refused !== undefined) return html`<${RefusedNote} refused=${refused} />`;
  if (answer === undefined) return html`<p class="quiet">…</p>`;
  const topics = [...answer.topics, ...further.flatMap((page) => page.topics)];
  const last = further.at(-1) ?? answer;
  const more = async () => {
    try {
      const page = await app.api.get(last.next);
      setFurther((pages) => [...pages, page]);
      setWrong("");
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setWrong(error.message);
    }
  };
  const trail = (/** @type {string} */ topic) => app.history.topics.of(topic);
  return html`
    <${Table} caption="Topics" keyOf=${(/** @type {any} */ { topic }) => topic} rows=${topics}
      empty="Nothing has been published yet." columns=${all
        ? columnsWith(trail)
        : columnsWith(trail).slice(0, 4)} />
    <p class="quiet small row">
          <span>${shownOf(topics.length, answer.total)}</span>
          ${all && last.next !== null && html`<button onClick=${() => void more()}>More</button>`}
      <span class="bad" role="status">${wrong}</span>
        </p>
  `;
}

/** @param {(topic: string) => readonly number[]} trail */
function columnsWith(trail) {
  return [
    {
      title: "Topic",
      kind: "name",
      cell: (/** @type {any} */ { topic }) => html`<a href=${linkTo(topic)}>${topic}</a>`,
    },
    {
      title: "Last 2 minutes",
      kind: "wide",
      cell: (/** @type {any} */ { topic }) => html`<${Spark} rates=${trail(topic)} />`,
    },
    { title: "Rate", kind: "number", cell: (/** @type {any} */ { rate }) => perSecond(rate) },
    {
      title: "Subscribers",
      kind: "number",
      cell: (/** @type {any} */ { subscribers }) =>
        subscribers === 0 ? html`<span class="quiet">0</span>` : whole(subscribers),
    },
    { title: "Messages", kind: "number wide", cell: (/** @type {any} */ { messages }) => whole(messages) },
    { title: "Bytes/s", kind: "number wide", cell: (/** @type {any} */ topic) => size(topic.byte_rate) },
    {
      title: "Stored",
      kind: "number wide",
      cell: (/** @type {any} */ { first, last }) => first === null ? "–" : `${whole(first)} – ${whole(last)}`,
    },
  ];
}
