/** os-release(5). */

/** A field's value; empty when the text does not have it. */
export function osReleaseField(text: string, name: string): string {
  return text.match(new RegExp(`^${name}=["']?([^"'\n]*)`, "m"))?.[1] ?? "";
}
