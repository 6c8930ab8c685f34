/** What an RPM is made of, as plain data: the input of `build-rpm.ts`. */

export type RelationKind =
  | "Requires"
  | "Requires(pre)"
  | "Requires(post)"
  | "Requires(preun)"
  | "Requires(postun)"
  | "Provides"
  | "Conflicts"
  | "Obsoletes"
  | "Recommends"
  | "Suggests"
  | "Supplements"
  | "Enhances";

export interface Relation {
  readonly kind: RelationKind;
  /** rpm's own notation: `name`, `name >= 1-2`, `(a or b)`. */
  readonly text: string;
}

export interface Scriptlet {
  /** `pre`, `post`, `preun`, `postun`, `pretrans`, `posttrans`, or a trigger with its arguments before ` -- `. */
  readonly section: string;
  /** Paths or packages that a trigger waits for. */
  readonly trigger?: string;
  /** A program, `<lua>` for rpm's own interpreter; the shell if absent. */
  readonly interpreter?: string;
  /** Absent: the interpreter is run without a script. */
  readonly body?: string;
}

export type FileMark = "doc" | "license" | "config" | "config(noreplace)" | "ghost" | `lang(${string})`;

interface EntryBase {
  /** Absolute, in the root that the package is installed to. */
  readonly path: string;
  readonly user: string;
  readonly group: string;
  /** Seconds. */
  readonly mtime: number;
  readonly marks?: readonly FileMark[];
}

export interface FileEntry extends EntryBase {
  readonly type: "file";
  /** Permission bits, those for set-id and sticky among them. */
  readonly mode: number;
  readonly content: Uint8Array;
  /** As `setcap` takes them, for example `cap_net_raw=ep`. */
  readonly capabilities?: string;
  /** What `rpm -V` must not compare: `digest`, `size`, `mtime`, … */
  readonly unverified?: readonly string[];
}

export interface DirectoryEntry extends EntryBase {
  readonly type: "directory";
  readonly mode: number;
}

export interface SymlinkEntry extends EntryBase {
  readonly type: "symlink";
  readonly target: string;
}

export interface HardLinkEntry extends EntryBase {
  readonly type: "hardlink";
  /** The path of a `file` of the same package. */
  readonly target: string;
}

export type Entry = FileEntry | DirectoryEntry | SymlinkEntry | HardLinkEntry;

export interface PackageRecipe {
  readonly name: string;
  readonly epoch?: number;
  readonly version: string;
  readonly release: string;
  /** rpm's name: `x86_64`, `noarch`, … */
  readonly arch: string;
  readonly summary: string;
  readonly license: string;
  readonly vendor?: string;
  readonly description?: string;
  /** Entries as a spec file has them, the latest first. */
  readonly changelog?: string;
  /** The source package that the RPM names, when it has another name than the package itself. */
  readonly source?: { readonly name: string; readonly version: string; readonly release: string };
  readonly relations: readonly Relation[];
  readonly scriptlets: readonly Scriptlet[];
  readonly entries: readonly Entry[];
  /** Seconds: the build time, and the latest modification time of any file. */
  readonly sourceDateEpoch: number;
  /** Adds what rpm's own generator finds in ELF files: `libc.so.6(GLIBC_2.34)(64bit)`. */
  readonly elfRelations?: boolean;
  /** An extended regular expression of paths whose requirements the generator leaves out. */
  readonly elfIgnored?: string;
  /** `w` mode of rpm's payload, for example `w1.zstdio` (the default) or `w9.gzdio`. */
  readonly payload?: string;
}

/** The name that rpmbuild gives the file. */
export function rpmFileName(recipe: Pick<PackageRecipe, "name" | "version" | "release" | "arch">): string {
  return `${recipe.name}-${recipe.version}-${recipe.release}.${recipe.arch}.rpm`;
}
