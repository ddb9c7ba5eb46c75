// @ts-check
/// <reference lib="dom" />
/**
 * Messages in and out a second, over five minutes.
 *
 * @module
 */
import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import { clock, short } from "./format.js";
import { html } from "./html.js";

/** Five minutes; of a page that has just been opened less, so that something is to be seen. */
const SPAN_S = 300;
const LEAST_S = 60;

/**
 * @param {{ times: readonly number[], published: readonly (number | null)[],
 *   delivered: readonly (number | null)[], label: string }} props
 */
export function Chart({ times, published, delivered, label }) {
  const place = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {UPlot | null} */ (null));
  // the colours are the style sheet's; a canvas has to be told
  const paint = useRef({ in: "", under: "", out: "", line: "", text: "" });
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const readColours = () => {
      paint.current = coloursOf(element);
      plot.current?.redraw();
    };
    readColours();
    plot.current = new UPlot(optionsFor(element, paint), [[], [], []], element);
    const sizes = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: element.clientHeight })
    );
    sizes.observe(element);
    const themes = new MutationObserver(readColours);
    themes.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", readColours);
    return () => {
      sizes.disconnect();
      themes.disconnect();
      system.removeEventListener("change", readColours);
      plot.current?.destroy();
    };
  }, []);
  useEffect(() => {
    plot.current?.setData([[...times], [...published], [...delivered]]);
  });
  return html`<div class="chart" ref=${place} role="img" aria-label=${label}></div>`;
}

/**
 * A rate over its last asks, as a line without numbers beside the number.
 *
 * @param {{ rates: readonly number[] }} props
 */
export function Spark({ rates }) {
  const [width, height] = [96, 22];
  const most = Math.max(...rates, 1e-9);
  const step = width / Math.max(1, rates.length - 1);
  const y = (/** @type {number} */ rate) => (height - 2 - (rate / most) * (height - 4)).toFixed(1);
  const points = rates.map((rate, at) => `${(at * step).toFixed(1)},${y(rate)}`).join(" ");
  return html`
    <svg class="spark" viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
      <polyline points=${points} fill="none" stroke="currentColor" stroke-width="1.5"
        vector-effect="non-scaling-stroke" />
    </svg>
  `;
}

/**
 * @param {HTMLElement} element
 * @param {{ current: { in: string, under: string, out: string, line: string, text: string } }} paint
 * @returns {import("uplot").Options}
 */
function optionsFor(element, paint) {
  const axis = {
    stroke: () => paint.current.text,
    grid: { stroke: () => paint.current.line, width: 1 },
    ticks: { show: false },
    font: "12px system-ui, sans-serif",
  };
  const now = () => Date.now() / 1000;
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { range: (_plot, least, most) => spanOf(least ?? now(), most ?? now()) },
      // from nothing on: half as high is half as many
      y: { range: (_plot, _least, most) => [0, Math.max(4, (most ?? 0) * 1.1)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
        incrs: [15, 60],
        values: (_plot, splits) => splits.map((at) => timeOf(at)),
      },
      { ...axis, size: 56, space: 36, values: (_plot, splits) => splits.map((rate) => short(rate)) },
    ],
    series: [
      {},
      { stroke: () => paint.current.in, fill: () => paint.current.under, width: 2, points: { show: false } },
      { stroke: () => paint.current.out, width: 2, points: { show: false } },
    ],
  };
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {[number, number]}
 */
function spanOf(least, most) {
  return [Math.max(most - SPAN_S, Math.min(least, most - LEAST_S)), most];
}

/**
 * @param {number} seconds
 * @returns {string}
 */
function timeOf(seconds) {
  return clock(seconds * 1000);
}

/**
 * The colours in force: a custom property that says `light-dark(…)` has to become one of the two.
 *
 * @param {HTMLElement} element
 */
function coloursOf(element) {
  const probe = document.createElement("i");
  element.append(probe);
  const computed = (/** @type {string} */ colour) => {
    probe.style.color = colour;
    return getComputedStyle(probe).color;
  };
  const colours = {
    in: computed("var(--in)"),
    under: computed("color-mix(in srgb, var(--in) 14%, transparent)"),
    out: computed("var(--out)"),
    line: computed("var(--line)"),
    text: computed("var(--quiet)"),
  };
  probe.remove();
  return colours;
}
