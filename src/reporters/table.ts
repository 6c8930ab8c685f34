/** Columns of text. */

/** Cells to the right, but for the columns in `left`; the last column is of any width. */
export function table(rows: readonly (readonly string[])[], left: readonly number[] = []): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((most, row) => Math.max(most, row[column]?.length ?? 0), 0),
  );
  const aligned = (cell: string, column: number): string => {
    const width = widths[column] ?? 0;
    return left.includes(column) ? cell.padEnd(width) : cell.padStart(width);
  };
  return rows.map((row) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : aligned(cell, column))).join("  "),
  );
}
