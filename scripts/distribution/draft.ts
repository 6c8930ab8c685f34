/** A package between Debian and RPM, while its entries are still being changed. */
import type { Entry, FileEntry, FileMark, Relation, RelationKind, Scriptlet } from "../packaging/recipe.js";

export interface FileOptions {
  readonly mode?: number;
  readonly user?: string;
  readonly group?: string;
  readonly marks?: readonly FileMark[];
  readonly unverified?: readonly string[];
}

export class Draft {
  readonly entries = new Map<string, Entry>();
  readonly relations: Relation[];
  readonly scriptlets: Scriptlet[] = [];

  /** @param time seconds: the modification time of what is added. */
  constructor(
    entries: readonly Entry[],
    relations: readonly Relation[],
    private readonly time: number,
  ) {
    for (const entry of entries) this.entries.set(entry.path, entry);
    this.relations = [...relations];
  }

  relate(kind: RelationKind, ...texts: readonly string[]): void {
    this.relations.push(...texts.map((text) => ({ kind, text })));
  }

  run(scriptlet: Scriptlet): void {
    this.scriptlets.push(scriptlet);
  }

  file(path: string, content: string | Uint8Array, options: FileOptions = {}): void {
    const { mode = 0o644, user = "root", group = "root", ...rest } = options;
    this.#put({ type: "file", path, mode, user, group, mtime: this.time, content: Buffer.from(content), ...rest });
  }

  /** Adds a directory, or changes one. */
  directory(path: string, mode = 0o755, user = "root", group = "root"): void {
    this.#put({ type: "directory", path, mode, user, group, mtime: this.time });
  }

  symlink(path: string, target: string): void {
    this.#put({ type: "symlink", path, target, user: "root", group: "root", mtime: this.time });
  }

  /** Links a program's generic name to it, if the package has it, as Debian's alternatives do. */
  alternative(path: string, target: string): void {
    const program = target.startsWith("/") ? target : `${path.slice(0, path.lastIndexOf("/"))}/${target}`;
    if (this.entries.has(program) && !this.entries.has(path)) this.symlink(path, target);
  }

  /** Removes a path and what is below it. */
  remove(path: string): void {
    for (const existing of [...this.entries.keys()])
      if (existing === path || existing.startsWith(`${path}/`)) this.entries.delete(existing);
  }

  has(path: string): boolean {
    return this.entries.has(path);
  }

  /** A file's text. Throws when the package has no such file. */
  text(path: string): string {
    return Buffer.from(this.#file(path).content).toString();
  }

  /** Replaces a file's contents by what `edit` makes of its text, and keeps its mode and marks. */
  edit(path: string, edit: (text: string) => string): void {
    this.#put({ ...this.#file(path), content: Buffer.from(edit(this.text(path))) });
  }

  /** Gives a file capabilities, if the package has it. */
  capabilities(path: string, capabilities: string): void {
    if (this.entries.has(path)) this.#put({ ...this.#file(path), capabilities });
  }

  #file(path: string): FileEntry {
    const entry = this.entries.get(path);
    if (entry?.type !== "file") throw new Error(`the package has no file ${path}`);
    return entry;
  }

  #put(entry: Entry): void {
    this.entries.set(entry.path, entry);
  }
}
