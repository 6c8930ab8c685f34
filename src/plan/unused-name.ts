/** `name`, or with a number behind it, such that `used` does not have it. */
export function unusedName(name: string, used: ReadonlySet<string>): string {
  let candidate = name;
  for (let number = 2; used.has(candidate); ++number) candidate = `${name}-${number}`;
  return candidate;
}
