const UNITS = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["kB", 1e3],
] as const;

/** A number of bytes in the largest unit that it fills. */
export function bytesText(bytes: number): string {
  const [name, length] = UNITS.find(([, size]) => bytes >= size) ?? ["B", 1];
  return `${length === 1 ? bytes : (bytes / length).toFixed(1)} ${name}`;
}
