/**
 * The figures as an SVG chart: a group of bars a shape, each group to its own scale, so that ratios are seen. Readable on a
 * light and on a dark page: it brings its own background and follows the reader's scheme.
 *
 * @module
 */
import type { Figure } from "./figures.ts";
import type { Shape } from "./shapes.ts";
import type { TableInput } from "./table.ts";

const WIDTH = 1000;
const MARGIN = 24;
const COLUMNS = 2;
const COLUMN = (WIDTH - MARGIN) / COLUMNS;
/** Where bars begin in a column, behind the names of the peers. */
const NAMES = 112;
/** What a value takes behind its bar. */
const VALUES = 76;
const BARS = COLUMN - MARGIN - NAMES - VALUES;
const BAR = 11;
const STEP = 15;
const HEAD = 22;
const GAP = 16;
const TOP = 84;

const STYLE = `text{font-family:system-ui,sans-serif;font-size:12px;fill:#1f2328}
.page{fill:#ffffff}.title{font-size:18px;font-weight:600}.shape{font-weight:600}
.soft{fill:#59636e}.own{font-weight:600}.bar{fill:#8c959f}
.hashbus2{fill:#d9480f}.hashbus{fill:#f08c00}.against2,.against{fill:#e8b98a}
.nats{fill:#1c7ed6}.redis{fill:#ae3ec9}.mosquitto{fill:#2f9e44}.relay{fill:#adb5bd}
.interval2{fill:#ffc078}.jetstream{fill:#1c7ed6}.jetstream-always{fill:#0b4f8a}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.page{fill:#0d1117}.soft{fill:#9198a1}
.hashbus2{fill:#ff6b35}.hashbus{fill:#ffa94d}.nats{fill:#4dabf7}.redis{fill:#da77f2}
.mosquitto{fill:#69db7c}.relay{fill:#6e7681}.interval2{fill:#ffd8a8}.jetstream{fill:#4dabf7}
.jetstream-always{fill:#a5d8ff}}`;

interface Bar {
  readonly peer: string;
  readonly title: string;
  readonly figure: Figure;
}

interface Group {
  readonly shape: Shape;
  readonly bars: readonly Bar[];
}

/** Draws it. `caption`: lines that say on what it was measured. */
export function chart(input: TableInput, caption: readonly string[]): string {
  const groups = groupsOf(input);
  const parts: string[] = [];
  let y = TOP;
  for (let at = 0; at < groups.length; at += COLUMNS) {
    const row = groups.slice(at, at + COLUMNS);
    row.forEach((group, column) => parts.push(...drawn(group, MARGIN + column * COLUMN, y)));
    y += HEAD + Math.max(...row.map(({ bars }) => bars.length)) * STEP + GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" width="${WIDTH}" height="${y}" role="img">
<title>hashbus and its peers, side by side</title>
<style>${STYLE}</style>
<rect class="page" width="${WIDTH}" height="${y}" rx="8"/>
${text({ x: MARGIN, y: 34, kind: "title" }, "hashbus and its peers, side by side")}
${caption.map((line, at) => text({ x: MARGIN, y: 54 + 16 * at, kind: "soft" }, line)).join("\n")}
${parts.join("\n")}
</svg>
`;
}

function groupsOf({ shapes, peers, summaries }: TableInput): readonly Group[] {
  return shapes.flatMap((shape) => {
    const bars = peers.flatMap(({ name, title }) => {
      const found = summaries.find((each) => each.shape === shape.name && each.peer === name);
      return found === undefined || found.figure === null
        ? []
        : [{ peer: name, title, figure: found.figure }];
    });
    return bars.length === 0 ? [] : [{ shape, bars }];
  });
}

function drawn({ shape, bars }: Group, x: number, top: number): readonly string[] {
  const most = Math.max(...bars.map(({ figure }) => figure.value));
  const hint = bars[0]?.figure.unit === "a second" ? "" : " · less is better";
  const head = `<text class="shape" x="${x}" y="${top + 13}">${
    escape(shape.title)
  }<tspan class="soft">${hint}</tspan></text>`;
  return [
    head,
    ...bars.flatMap(({ peer, title, figure }, at) => {
      const y = top + HEAD + at * STEP;
      const length = Math.max(1, Math.round(BARS * figure.value / most));
      const kind = title.startsWith("hashbus") ? "own" : "";
      return [
        text({ x, y: y + 9, kind }, title),
        `<rect class="bar ${peer}" x="${x + NAMES}" y="${y}" width="${length}" height="${BAR}" rx="2"/>`,
        text({ x: x + NAMES + length + 6, y: y + 9, kind }, figure.text),
      ];
    }),
  ];
}

function text(
  { x, y, kind }: { readonly x: number; readonly y: number; readonly kind: string },
  content: string,
): string {
  return `<text${kind === "" ? "" : ` class="${kind}"`} x="${x}" y="${y}">${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}
