/** What takes the space of an image, as a page that needs nothing else. */
import { hierarchy, treemap } from "d3-hierarchy";
import type { SizeReport, SizeRow } from "../index.js";
import { bytesText } from "./bytes-text.js";
import { printable } from "./printable.js";
import { rowName, sizeCells, sizeSum } from "./size-text.js";

const WIDTH = 1200;
const HEIGHT = 720;

/** Pixels that a letter takes, nearly, and the height of a line. */
const LETTER = 7;
const LINE = 16;

/** A treemap, in which areas are sizes, and a table below it. The same report gives the same bytes. */
export function sizeHtml(report: SizeReport, image: string): string {
  const title = escaped(`Size of ${printable(image)}`);
  const facts = escaped(sizeSum(report));
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>${title}</title>
<style>
body { font: 14px/1.4 sans-serif; margin: 2em auto; max-width: ${WIDTH}px; padding: 0 1em; color: #222; background: #fff; }
svg { width: 100%; height: auto; font-size: 12px; }
svg rect { stroke: #fff; }
svg g:hover rect { stroke: #000; }
table { border-collapse: collapse; margin-top: 1.5em; }
th, td { padding: 2px 12px; text-align: right; border-bottom: 1px solid #ddd; }
th:last-child, td:last-child { text-align: left; }
</style>
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

function treemapSvg(rows: readonly SizeRow[]): string {
  const root = hierarchy<{ readonly row: SizeRow | null; readonly children?: readonly { readonly row: SizeRow }[] }>({
    row: null,
    children: rows.filter(({ size }) => size > 0).map((row) => ({ row })),
  }).sum(({ row }) => row?.size ?? 0);
  const tiles = treemap<(typeof root)["data"]>().size([WIDTH, HEIGHT]).round(true)(root).leaves();
  const drawn = tiles.flatMap(({ data: { row }, x0, y0, x1, y1 }) => {
    if (row === null) return [];
    const [width, height] = [x1 - x0, y1 - y0];
    const name = rowName(row);
    const fits = Math.floor((width - 8) / LETTER);
    const shown = name.length <= fits ? name : `${name.slice(0, Math.max(0, fits - 1))}\u2026`;
    const texts = [shown, bytesText(row.size)].slice(0, Math.floor((height - 4) / LINE));
    const lines = fits < 4 ? [] : texts.filter((line) => line.length <= fits);
    const text = lines.map(
      (line, index) => `<text x="${x0 + 4}" y="${y0 + LINE * (index + 1)}">${escaped(line)}</text>`,
    );
    const label = escaped(`${name}: ${bytesText(row.size)}, ${row.files} files`);
    return [
      `<g><title>${label}</title><rect x="${x0}" y="${y0}" width="${width}" height="${height}" fill="${colourOf(name)}"/>${text.join("")}</g>`,
    ];
  });
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Treemap of sizes">\n${drawn.join("\n")}\n</svg>`;
}

function tableHtml(report: SizeReport): string {
  const { heading, lines } = sizeCells(report);
  const row = (cells: readonly string[], tag: "td" | "th"): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`;
  return `<table>\n${[row(heading, "th"), ...lines.map((cells) => row(cells, "td"))].join("\n")}\n</table>`;
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
