/** What packages Debian has, and which of them a set of roots needs. */
import { type DebianRelation, type Paragraph, parseRelations } from "./control.js";
import { maintainerTools } from "./relations.js";

export interface IndexedPackage {
  readonly name: string;
  readonly version: string;
  /** Debian's name, or `all`. */
  readonly architecture: string;
  readonly sha256: string;
}

/** Debian's priorities; among packages that provide the same name, those that a system has anyway come first. */
const priorities = ["required", "important", "standard", "optional", "extra"];

export class PackageIndex {
  readonly #packages = new Map<string, Paragraph>();
  readonly #providers = new Map<string, string[]>();

  constructor(paragraphs: readonly Paragraph[]) {
    for (const paragraph of paragraphs) {
      const name = paragraph.get("Package");
      // What is only installed, and in no repository, has no file name.
      if (name === undefined || !paragraph.has("Filename") || maintainerTools.has(name)) continue;
      this.#packages.set(name, paragraph);
    }
    for (const [name, paragraph] of this.#packages) {
      for (const [provided] of parseRelations(paragraph.get("Provides"))) {
        if (provided === undefined) continue;
        const providers = this.#providers.get(provided.name) ?? [];
        this.#providers.set(provided.name, [...providers, name]);
      }
    }
  }

  has(name: string): boolean {
    return this.#packages.has(name);
  }

  get essential(): string[] {
    return [...this.#packages].filter(([, paragraph]) => paragraph.get("Essential") === "yes").map(([name]) => name);
  }

  /**
   * The roots and what they need, sorted by name. Of alternatives the first that exists is taken, else the most important
   * of those that provide one. Relations that nothing satisfies are ignored, as are roots that do not exist.
   */
  closure(roots: readonly string[]): IndexedPackage[] {
    const chosen = new Map<string, Paragraph>();
    const queue = [...roots];
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const paragraph = this.#packages.get(name);
      if (paragraph === undefined || chosen.has(name)) continue;
      chosen.set(name, paragraph);
      for (const field of ["Pre-Depends", "Depends"]) {
        for (const alternatives of parseRelations(paragraph.get(field))) {
          if (alternatives.some((alternative) => maintainerTools.has(alternative.name))) continue;
          const choice = this.#choose(alternatives, chosen);
          if (choice !== undefined) queue.push(choice);
        }
      }
    }
    return [...chosen].map(([name, paragraph]) => indexed(name, paragraph)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #choose(alternatives: readonly DebianRelation[], chosen: ReadonlyMap<string, Paragraph>): string | undefined {
    const real = alternatives.find(({ name }) => this.#packages.has(name));
    if (real !== undefined) return real.name;
    const providers = alternatives.flatMap(({ name }) => this.#providers.get(name) ?? []);
    return providers.find((name) => chosen.has(name)) ?? providers.sort((a, b) => this.#compare(a, b))[0];
  }

  #compare(a: string, b: string): number {
    return this.#rank(a) - this.#rank(b) || (a < b ? -1 : 1);
  }

  #rank(name: string): number {
    const rank = priorities.indexOf(this.#packages.get(name)?.get("Priority") ?? "");
    return rank < 0 ? priorities.length : rank;
  }
}

export function indexed(name: string, paragraph: Paragraph): IndexedPackage {
  return {
    name,
    version: paragraph.get("Version") ?? "",
    architecture: paragraph.get("Architecture") ?? "",
    sha256: paragraph.get("SHA256") ?? "",
  };
}
