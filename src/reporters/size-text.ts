/** What takes the space of an image, as text. */
import type { Removal, SizeReport, SizeRow } from "../index.js";
import { bytesText } from "./bytes-text.js";
import { printable } from "./printable.js";
import { table } from "./table.js";

export function rowName({ name }: SizeRow): string {
  return name === null ? "(what no package owns)" : printable(name);
}

export function sizeSum({ size, blobSize }: SizeReport): string {
  return `${bytesText(size)} of files, ${bytesText(blobSize)} in layers`;
}

/** The heading of a table, and a line for each row. */
export function sizeCells({ rows, size }: SizeReport): {
  readonly heading: readonly string[];
  readonly lines: readonly (readonly string[])[];
} {
  const saves = rows.some((row) => row.saves !== null);
  const blobs = rows.some((row) => row.blobSize !== null);
  const heading = ["size", "", "files", ...(saves ? ["removal saves"] : []), ...(blobs ? ["compressed"] : []), ""];
  const lines = rows.map((row) => [
    bytesText(row.size),
    `${size === 0 ? "0.0" : ((100 * row.size) / size).toFixed(1)} %`,
    String(row.files),
    ...(saves ? [row.saves === null ? "" : bytesText(row.saves)] : []),
    ...(blobs ? [row.blobSize === null ? "" : bytesText(row.blobSize)] : []),
    rowName(row),
  ]);
  return { heading, lines };
}

/** A line for each row, the largest first, below a heading, and one for the sum. */
export function sizeText(report: SizeReport): string {
  const { heading, lines } = sizeCells(report);
  const text = table([heading, ...lines]).map((line) => line.trimEnd());
  return `${[...text, "", `${sizeSum(report)}`].join("\n")}\n`;
}

export function removalText({ packages, requiredBy, saves }: Removal): string {
  const lines = packages.map((name) => `  ${name}`);
  const broken = requiredBy.length === 0 ? [] : ["", "still required by:", ...requiredBy.map((name) => `  ${name}`)];
  return `${["without:", ...lines, ...broken, "", `${bytesText(saves)} less`].join("\n")}\n`;
}
