/** What takes the space of an image, as a page that needs nothing else. */
import { hierarchy, treemap } from "d3-hierarchy";
import type { SizeReport, SizeRow } from "../index.js";
import { bytesText } from "./bytes-text.js";
import { printable } from "./printable.js";
import { rowName, sizeCells, sizeSum } from "./size-text.js";

const WIDTH = 1200;
const HEIGHT = 720;

/** Pixels; below it, letters are too small. */
const LEAST_WIDTH = 900;

/** Pixels that a letter takes, nearly, and the height of a line. */
const LETTER = 7.5;
const LINE = 16;

/** Colours of tiles are pale in both schemes. In a narrow window the treemap keeps letters that can be read, and scrolls. */
const STYLE = `:root { color-scheme: light dark; --page: #fff; --text: #222; --line: #ddd; --mark: #fff3bf; --edge: #000; }
@media (prefers-color-scheme: dark) {
  :root { --page: #1b1b1d; --text: #ddd; --line: #444; --mark: #40360f; --edge: #fff; }
}
body {
  font: 14px/1.4 sans-serif; margin: 2em auto; max-width: ${WIDTH}px; padding: 0 1em;
  color: var(--text); background: var(--page);
}
h1 { overflow-wrap: anywhere; }
.map { overflow-x: auto; }
.map > svg { display: block; width: 100%; min-width: ${LEAST_WIDTH}px; height: auto; font-size: 12px; }
rect { stroke: var(--page); }
text { fill: #111; }
a:hover rect, a:focus rect { stroke: var(--edge); stroke-width: 4; }
a:focus { outline: none; }
table { border-collapse: collapse; margin-top: 1.5em; }
th, td { padding: 2px 12px; text-align: right; border-bottom: 1px solid var(--line); }
td { white-space: nowrap; }
th:last-child, td:last-child { text-align: left; white-space: normal; overflow-wrap: anywhere; }
tr:target td { background: var(--mark); }
@media (max-width: 40em) { th, td { padding: 2px 4px; } }
`;

/**
 * A treemap, in which areas are sizes, and a table below it, to whose rows the tiles lead. The same report gives the same
 * bytes.
 */
export function sizeHtml(report: SizeReport, image: string): string {
  const title = escaped(`Size of ${printable(image)}`);
  const facts = escaped(sizeSum(report));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<style>
${STYLE}</style>
</head>
<body>
<h1>${title}</h1>
<p>${facts}</p>
${treemapSvg(report.rows)}
${tableHtml(report)}
</body>
</html>
`;
}

interface Tile {
  /** Null for the whole. */
  readonly row: SizeRow | null;
  /** In the table. */
  readonly number: number;
  readonly children?: readonly Tile[];
}

function treemapSvg(rows: readonly SizeRow[]): string {
  const root = hierarchy<Tile>({
    row: null,
    number: -1,
    children: rows.flatMap((row, number) => (row.size > 0 ? [{ row, number }] : [])),
  }).sum(({ row }) => row?.size ?? 0);
  const tiles = treemap<Tile>().size([WIDTH, HEIGHT]).round(true)(root).leaves();
  const drawn = tiles.flatMap(({ data: { row, number }, x0, y0, x1, y1 }) => {
    const [width, height] = [x1 - x0, y1 - y0];
    if (row === null || width * height === 0) return [];
    const name = rowName(row);
    const fits = Math.floor((width - 8) / LETTER);
    const shown = name.length <= fits ? name : `${name.slice(0, Math.max(0, fits - 1))}\u2026`;
    const texts = [shown, bytesText(row.size)].slice(0, Math.floor((height - 4) / LINE));
    const lines = fits < 4 ? [] : texts.filter((line) => line.length <= fits);
    const text = lines.map((line, index) => `<text x="4" y="${LINE * (index + 1)}">${escaped(line)}</text>`);
    const label = escaped(`${name}: ${bytesText(row.size)}, ${row.files} files`);
    const place = `x="${x0}" y="${y0}" width="${width}" height="${height}"`;
    // What is in an inner svg ends at its edges.
    return [
      `<a href="#${anchorOf(number)}"><title>${label}</title><svg ${place}><rect width="100%" height="100%" fill="${colourOf(name)}"/>${text.join("")}</svg></a>`,
    ];
  });
  const map = `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label="Treemap of sizes">\n${drawn.join("\n")}\n</svg>`;
  return `<div class="map">\n${map}\n</div>`;
}

/** Of a row of the table. */
function anchorOf(number: number): string {
  return `row-${number + 1}`;
}

function tableHtml(report: SizeReport): string {
  const { heading, lines } = sizeCells(report);
  const cellsIn = (cells: readonly string[], tag: "td" | "th"): string =>
    cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("");
  const rows = lines.map((cells, number) => `<tr id="${anchorOf(number)}">${cellsIn(cells, "td")}</tr>`);
  return `<table>\n${[`<tr>${cellsIn(heading, "th")}</tr>`, ...rows].join("\n")}\n</table>`;
}

/** A pale one that depends on the name alone. */
function colourOf(name: string): string {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 360;
  return `hsl(${hash} 55% 78%)`;
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
