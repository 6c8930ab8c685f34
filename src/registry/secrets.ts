/** What must not be shown. */

/** Knows secrets, and takes them out of what others say. */
export class Secrets {
  readonly #known = new Set<string>();

  add(secret: string | undefined): void {
    // What is shorter stands in many texts by chance.
    if (secret !== undefined && secret.length >= 4) this.#known.add(secret);
  }

  removedFrom(text: string): string {
    let clean = text;
    for (const secret of this.#known) clean = clean.replaceAll(secret, "(secret)");
    return clean;
  }
}
