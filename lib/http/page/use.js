// @ts-check
/// <reference lib="dom" />
/**
 * What components hold on to: the feed, one of its answers, and everything the broker said about itself in
 * the last minutes.
 *
 * @module
 */
import { useEffect, useState } from "preact/hooks";

/**
 * @typedef {object} App what every view is given
 * @property {import("./api.js").Api} api
 * @property {import("./feed.js").Feed} feed
 * @property {import("./overview_history.js").OverviewHistory} history
 */

/**
 * @param {import("./feed.js").Feed} feed
 * @returns {import("./feed.js").State}
 */
export function useFeed(feed) {
  const [state, setState] = useState(feed.state);
  useEffect(() => feed.listen(setState), [feed]);
  return state;
}

/**
 * The latest answer, asked for once in so many beats while the component is there.
 *
 * @param {import("./feed.js").Feed} feed
 * @param {string} path
 * @param {number} beats
 * @returns {{ answer: any, refused: import("./api.js").Refused | undefined }}
 */
export function useAnswer(feed, path, beats) {
  const [known, setKnown] = useState(
    /** @type {{ answer: any, refused: import("./api.js").Refused | undefined }} */ ({
      answer: undefined,
      refused: undefined,
    }),
  );
  useEffect(() =>
    feed.watch(path, {
      beats,
      onAnswer: (answer) => setKnown({ answer, refused: undefined }),
      onRefused: (refused) => setKnown({ answer: undefined, refused }),
    }), [feed, path, beats]);
  return known;
}
