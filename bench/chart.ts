/**
 * The figures as an SVG chart: a group of bars a shape, each group to its own scale, so that ratios are seen.
 *
 * @module
 */
import type { Summary } from "./figures.ts";
import type { TableInput } from "./table.ts";

const WIDTH = 900;
const LABELS = 250;
const BARS = 470;
const BAR = 14;
const GAP = 14;
const TOP = 76;
const COLOURS: Readonly<Record<string, string>> = {
  hashbus: "#c2410c",
  against: "#fdba74",
  nats: "#1d4ed8",
  redis: "#b91c1c",
  mosquitto: "#15803d",
  relay: "#a8a29e",
};

/** Draws it. `caption` says on what it was measured. */
export function chart({ shapes, peers, summaries }: TableInput, caption: string): string {
  let y = TOP;
  const parts: string[] = [];
  for (const shape of shapes) {
    const bars = peers.flatMap((peer) => {
      const found = summaries.find((each) => each.shape === shape.name && each.peer === peer);
      return found === undefined || found.figure === null ? [] : [{ ...found, figure: found.figure }];
    });
    if (bars.length === 0) continue;
    const most = Math.max(...bars.map(({ figure }) => figure.value));
    const better = bars[0]?.figure.unit === "a second" ? "" : " (less is better)";
    parts.push(text(16, y + 11, `${shape.title}${better}`, 'font-weight="600"'));
    for (const bar of bars) {
      parts.push(drawn(bar, most, y));
      y += BAR + 2;
    }
    y += GAP;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${
    y + 8
  }" font-family="sans-serif" font-size="12">
<rect width="${WIDTH}" height="${y + 8}" fill="#ffffff"/>
${text(16, 24, "Medians, each group to its own scale", 'font-size="16" font-weight="600"')}
${text(16, 42, caption, 'fill="#57534e"')}
${legend(peers)}
${parts.join("\n")}
</svg>
`;
}

function drawn(
  { peer, figure }: { peer: string; figure: NonNullable<Summary["figure"]> },
  most: number,
  y: number,
): string {
  const length = Math.max(1, Math.round(BARS * figure.value / most));
  const colour = COLOURS[peer] ?? "#78716c";
  return `<rect x="${LABELS}" y="${y}" width="${length}" height="${BAR}" fill="${colour}"><title>${
    escape(`${peer}: ${figure.text}`)
  }</title></rect>
${text(LABELS + length + 6, y + 11, `${figure.text} ${peer}`)}`;
}

function legend(peers: readonly string[]): string {
  return peers.map((peer, at) =>
    `<rect x="${16 + at * 110}" y="52" width="10" height="10" fill="${COLOURS[peer] ?? "#78716c"}"/>
${text(31 + at * 110, 61, peer)}`
  ).join("\n");
}

function text(x: number, y: number, content: string, attributes = ""): string {
  return `<text x="${x}" y="${y}" ${attributes}>${escape(content)}</text>`;
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(
    '"',
    "&quot;",
  );
}
