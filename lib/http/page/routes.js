// @ts-check
/**
 * Where on the page one is, as its address behind the `#` says it. Pure.
 *
 * @module
 */

/**
 * @typedef {{ view: "overview" | "topics" | "connections" | "groups" | "unknown" }
 *   | { view: "topic", topic: string }} Route
 */

/**
 * @param {string} hash
 * @returns {Route}
 */
export function routeOf(hash) {
  const [view = "", ...rest] = hash.replace(/^#?\/?/, "").split("/");
  const name = rest.join("/");
  if (view === "") return { view: "overview" };
  if (view === "topics" && name !== "") return topicRoute(name);
  if (name === "" && (view === "topics" || view === "connections" || view === "groups")) return { view };
  return { view: "unknown" };
}

/**
 * A topic's or pattern's own page.
 *
 * @param {string} topic
 * @returns {string}
 */
export function linkTo(topic) {
  return `#/topics/${encodeURIComponent(topic.startsWith("#") ? topic : `#${topic}`)}`;
}

/**
 * @param {string} name
 * @returns {Route}
 */
function topicRoute(name) {
  try {
    return { view: "topic", topic: decodeURIComponent(name) };
  } catch {
    // a person has typed a lone %
    return { view: "unknown" };
  }
}
