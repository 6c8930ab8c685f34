/** All that matters of a tree of files, read by Python: whatever the names, as far as the kernel takes the path. */
import { join } from "node:path";
import { projectRoot } from "./project.js";
import { runSuccessfully } from "./run.js";

export interface TreeEntry {
  readonly kind: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Of files, else 0. */
  readonly size: number;
  /** Whole seconds. */
  readonly mtime: number;
  /** All of them, names and values hexadecimal. */
  readonly xattrs: Readonly<Record<string, string>>;
  /** Hexadecimal, of symlinks. */
  readonly target?: string;
  /** "major:minor". */
  readonly device?: string;
  /** The first path of the inode in the order of bytes, where it has several. */
  readonly sameAs?: string;
  /** SHA-256 of a file's contents. */
  readonly digest?: string;
}

/** By hexadecimal path, the tree's own being empty. */
export type Tree = ReadonlyMap<string, TreeEntry>;

export async function listTrees(roots: readonly string[]): Promise<Tree[]> {
  const script = join(projectRoot, "tests/support/list-tree.py");
  const text = await runSuccessfully("python3", [script, ...roots], { env: { LD_PRELOAD: undefined } });
  const listed: readonly Record<string, TreeEntry>[] = JSON.parse(text);
  return listed.map((entries) => new Map(Object.entries(entries)));
}

export async function listTree(root: string): Promise<Tree> {
  const [tree] = await listTrees([root]);
  if (tree === undefined) throw new Error(`${root} was not listed`);
  return tree;
}

/** What Python's tarfile finds in archives that lie on each other; each of them plain, or compressed by gzip or zstd. */
export async function listArchives(paths: readonly string[]): Promise<Tree> {
  const script = join(projectRoot, "tests/support/list-archives.py");
  const text = await runSuccessfully("python3", [script, ...paths], { env: { LD_PRELOAD: undefined } });
  return new Map(Object.entries<TreeEntry>(JSON.parse(text)));
}

export interface LayerTimes {
  readonly maxMtime: number;
  readonly buildStart: number;
}

const isKept = (name: string): boolean => name === "security.capability" || name.startsWith("user.");

/** What a layer has of a tree, once it is unpacked: without sockets and the attributes of this machine, times bounded. */
export function asInLayer(tree: Tree, { maxMtime, buildStart }: LayerTimes): Tree {
  const kept = [...tree].filter(([, { kind }]) => kind !== "socket");
  return new Map(
    kept.map(([path, entry]) => {
      const mtime = entry.mtime >= buildStart ? maxMtime : Math.min(entry.mtime, maxMtime);
      const xattrs = Object.entries(entry.xattrs).filter(([name]) =>
        isKept(Buffer.from(name, "hex").toString("latin1")),
      );
      return [path, { ...entry, mtime, xattrs: Object.fromEntries(xattrs) }];
    }),
  );
}
