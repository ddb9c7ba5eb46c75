// @ts-check
/// <reference lib="dom" />
/**
 * The dashboard: one page, kept open. Begins here.
 *
 * @module
 */
import { render } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Api } from "./api.js";
import { ConnectionsView } from "./connections.js";
import { Feed } from "./feed.js";
import { GroupsView } from "./groups.js";
import { clock, whole } from "./format.js";
import { html } from "./html.js";
import { Login } from "./login.js";
import { Overview } from "./overview.js";
import { OverviewHistory } from "./overview_history.js";
import { routeOf } from "./routes.js";
import { ThemeButton } from "./theme.js";
import { TopicView } from "./topic.js";
import { TopicsView } from "./topics.js";
import { useFeed } from "./use.js";

/** @param {{ app: import("./use.js").App }} props */
function Page({ app }) {
  const state = useFeed(app.feed);
  const route = useRoute();
  const lost = state.phase === "lost" ? "Lost: " : "";
  useEffect(() => {
    document.title = `${lost}${titleOf(route)} · hashbus`;
  }, [route, lost]);
  return html`
    <a class="out-of-sight" href="#title" onClick=${toTitle}>To the content</a>
    <${Top} app=${app} state=${state} route=${route} />
    <${Loss} state=${state} />
    <main class=${state.phase === "lost" ? "stale" : ""}>
          ${state.phase === "login"
            ? html`<${Login} app=${app} reason=${state.reason} />`
            : state.broker !== undefined && viewOf(app, route)}
        </main>
  `;
}

/**
 * @param {import("./use.js").App} app
 * @param {Route} route
 */
function viewOf(app, route) {
  switch (route.view) {
    case "overview":
      return html`<${Overview} app=${app} />`;
    case "topics":
      return html`<${TopicsView} app=${app} />`;
    case "topic":
      return html`<${TopicView} app=${app} topic=${route.topic} key=${route.topic} />`;
    case "connections":
      return html`<${ConnectionsView} app=${app} />`;
    case "groups":
      return html`<${GroupsView} app=${app} />`;
    case "unknown":
      return html`
        <h1 id="title" tabindex="-1">There is no such page</h1>
        <p><a href="#/">To the overview</a></p>
      `;
  }
}

/**
 * @typedef {import("./feed.js").State} State
 * @typedef {import("./routes.js").Route} Route
 */

/** @param {{ app: import("./use.js").App, state: State, route: Route }} props */
function Top({ app, state, route }) {
  const { broker } = state;
  const links = [
    { view: "overview", href: "#/", title: "Overview", count: undefined },
    { view: "topics", href: "#/topics", title: "Topics", count: broker?.topics },
    { view: "connections", href: "#/connections", title: "Connections", count: broker?.connections },
    { view: "groups", href: "#/groups", title: "Groups", count: undefined },
  ];
  const here = route.view === "topic" ? "topics" : route.view;
  const leave = () => {
    app.api.logOut();
    app.feed.again();
  };
  return html`<header class="top">
    <a class="brand" href="#/"><img src="/assets/icon.svg" alt="" />hashbus</a>
    ${
    state.phase !== "login" && html`<nav aria-label="Views">${
      links.map(({ view, href, title, count }) =>
        html`<a href=${href} key=${view} aria-current=${view === here ? "page" : undefined}>${title}${
          count !== undefined && html`<span class="count">${whole(count)}</span>`
        }</a>`
      )
    }</nav>`
  }
    <div class="end">
      <${Pill} state=${state} />
      ${
    app.api.user !== undefined &&
    html`<button class="plain" onClick=${leave}>Log out ${app.api.user}</button>`
  }
      <${ThemeButton} />
    </div>
  </header>`;
}

/**
 * In one word how the broker is.
 *
 * @param {{ state: State }} props
 */
function Pill({ state }) {
  const { phase, broker } = state;
  if (phase === "lost") return html`<span class="pill bad">Lost</span>`;
  if (phase !== "live") return null;
  return broker.ready
    ? html`<span class="pill good">Ready</span>`
    : html`<span class="pill bad">Not ready</span>`;
}

/**
 * Says at once that all that is shown is old.
 *
 * @param {{ state: State }} props
 */
function Loss({ state }) {
  const { phase, reason, since, broker } = state;
  if (phase !== "lost") return html`<div role="alert" class="loss"></div>`;
  const old = broker === undefined ? "" : ` What is below is as it was at ${clock(Date.parse(broker.time))}.`;
  return html`
    <div role="alert" class="loss">
      <ul class="findings">
        <li class="bad">
        <b>The broker is lost</b><span>since ${clock(
          since,
        )}: ${reason}. This page tries again every second.${old}</span>
      </li>
      </ul>
    </div>
  `;
}

function useRoute() {
  const [route, setRoute] = useState(routeOf(location.hash));
  useEffect(() => {
    const follow = () => {
      // the way to the content is no address
      if (location.hash === "#title") return;
      setRoute(routeOf(location.hash));
      // who listens to the page hears where it is
      requestAnimationFrame(() => document.getElementById("title")?.focus());
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}

/** @param {Route} route @returns {string} */
function titleOf(route) {
  if (route.view === "topic") return route.topic;
  return route.view.charAt(0).toUpperCase() + route.view.slice(1);
}

/** @param {Event} event */
function toTitle(event) {
  event.preventDefault();
  document.getElementById("title")?.focus();
}

/**
 * What the broker says goes into the history before anybody draws it.
 *
 * @param {Feed} feed
 * @param {OverviewHistory} history
 */
function keepHistory(feed, history) {
  let started = "";
  let before = "";
  feed.listen(({ phase, broker }) => {
    const isNew = phase !== before;
    before = phase;
    if (phase === "live") {
      if (started !== "" && started !== broker.started) history.interrupt();
      started = broker.started;
      history.add(broker);
    } else if (isNew) {
      history.interrupt();
    }
  });
}

const root = document.getElementById("app");
if (root !== null) {
  const api = new Api();
  const feed = new Feed(api);
  const history = new OverviewHistory();
  keepHistory(feed, history);
  root.textContent = "";
  render(html`<${Page} app=${{ api, feed, history }} />`, root);
  feed.start();
}
