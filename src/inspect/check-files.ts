/** Whether the files of an image are what their packages say, as `rpm --verify` asks it of a running system. */
import { constants } from "node:fs";
import { textOf } from "../model/byte-string.js";
import type { FileType, Inode } from "../model/image-tree.js";
import { Accounts } from "./accounts.js";
import { describeCapability, normalCapabilities } from "./capabilities.js";
import { octal } from "./compare-images.js";
import { type ImageContents, nevraOf, type OwnedFile } from "./contents.js";

export type FileAspect = "missing" | "type" | "mode" | "owner" | "size" | "digest" | "target" | "capability";

export interface FileDeviation {
  readonly path: string;
  readonly package: string;
  readonly aspect: FileAspect;
  /** By the package, and in the image; null for what is missing. */
  readonly expected: string | null;
  readonly actual: string | null;
  /** Why it may be so; null for what may not. */
  readonly explanation: string | null;
}

/** rpmfileAttrs and rpmVerifyFlags (rpm/rpmfiles.h, rpm/rpmvf.h). */
const CONFIG = 1 << 0;
const MISSING_OK = 1 << 3;
const VERIFY = {
  digest: 1 << 0,
  size: 1 << 1,
  target: 1 << 2,
  user: 1 << 3,
  group: 1 << 4,
  mode: 1 << 6,
  caps: 1 << 8,
};

const ALGORITHMS: Readonly<Record<number, string>> = {
  1: "md5",
  2: "sha1",
  8: "sha256",
  9: "sha384",
  10: "sha512",
  11: "sha224",
};

/** By what a mode says (inode(7)). */
const TYPES: ReadonlyMap<number, FileType> = new Map([
  [constants.S_IFIFO, "fifo"],
  [constants.S_IFCHR, "character"],
  [constants.S_IFDIR, "directory"],
  [constants.S_IFBLK, "block"],
  [constants.S_IFREG, "file"],
  [constants.S_IFLNK, "symlink"],
]);

/** Made empty, since it identifies one machine. */
const MACHINE_ID = "/etc/machine-id";

/** What rpm has installed of a package: it has left out the rest, such as documentation. */
function isInstalled({ file }: OwnedFile): boolean {
  return file.state <= 0;
}

function isVerified({ file }: OwnedFile, what: keyof typeof VERIFY): boolean {
  return (file.verifyFlags & VERIFY[what]) !== 0;
}

/** The files whose contents packages have digests of, with the algorithms. */
export function digestedFiles({ owners, tree }: ImageContents): ReadonlyMap<Inode, string> {
  const wanted = new Map<Inode, string>();
  for (const [path, owned] of owners) {
    const inode = tree.byPath.get(path)?.inode;
    if (inode?.type !== "file") continue;
    for (const entry of owned) {
      const algorithm = ALGORITHMS[entry.file.digestAlgorithm];
      if (algorithm === undefined || entry.file.digest === "" || !isInstalled(entry)) continue;
      if (isVerified(entry, "digest")) wanted.set(inode, algorithm);
    }
  }
  return wanted;
}

export interface FileCheck {
  /** Files that were compared. */
  readonly files: number;
  /** Sorted by the bytes of paths. */
  readonly deviations: readonly FileDeviation[];
}

/** `digests` are those of `digestedFiles`. Times are not looked at: no file is newer than its image. */
export function checkFiles(contents: ImageContents, digests: ReadonlyMap<Inode, string>): FileCheck {
  const accounts = new Accounts(contents.accounts);
  const paths = [...contents.owners.keys()].sort();
  const owned = paths.flatMap((path) => contents.owners.get(path) ?? []).filter(isInstalled);
  const deviations = owned.flatMap((entry) => {
    const inode = contents.tree.byPath.get(entry.path)?.inode;
    return inode === undefined ? missing(entry) : compare(entry, inode, digests, accounts);
  });
  return { files: owned.length, deviations };
}

function missing(entry: OwnedFile): readonly FileDeviation[] {
  if ((entry.file.flags & MISSING_OK) !== 0) return [];
  return [deviation(entry, "missing", null, null, isConfiguration(entry))];
}

function isConfiguration({ file }: OwnedFile): string | null {
  return (file.flags & CONFIG) === 0 ? null : "a configuration file";
}

function compare(
  entry: OwnedFile,
  inode: Inode,
  digests: ReadonlyMap<Inode, string>,
  accounts: Accounts,
): readonly FileDeviation[] {
  const { file, path } = entry;
  const found: FileDeviation[] = [];
  const expect = (aspect: FileAspect, expected: string, actual: string, explanation: string | null = null): void => {
    if (expected !== actual) found.push(deviation(entry, aspect, expected, actual, explanation));
  };
  const type = TYPES.get(file.mode & constants.S_IFMT) ?? "file";
  expect("type", type, inode.type);
  if (found.length > 0) return found;
  const isLink = type === "symlink";
  if (!isLink && isVerified(entry, "mode")) expect("mode", octal(file.mode & 0o7777), octal(inode.mode));
  const owner = accounts.expected(file, inode, { user: isVerified(entry, "user"), group: isVerified(entry, "group") });
  expect("owner", owner.names, owner.actualNames, owner.explanation);
  if (isLink && isVerified(entry, "target")) expect("target", textOf(file.linkTarget), textOf(inode.linkTarget));
  if (type !== "file") return found;
  const explanation =
    path === MACHINE_ID && inode.size === 0 ? "emptied, as it identifies a machine" : isConfiguration(entry);
  if (isVerified(entry, "size")) expect("size", String(file.size), String(inode.size), explanation);
  const digest = digests.get(inode);
  if (isVerified(entry, "digest") && file.digest !== "" && digest?.length === file.digest.length) {
    expect("digest", file.digest, digest, explanation);
  }
  if (isVerified(entry, "caps")) {
    expect("capability", normalCapabilities(file.capabilities), describeCapability(inode.capability));
  }
  return found;
}

function deviation(
  { package: owner, path }: OwnedFile,
  aspect: FileAspect,
  expected: string | null,
  actual: string | null,
  explanation: string | null,
): FileDeviation {
  return { path: textOf(path), package: nevraOf(owner), aspect, expected, actual, explanation };
}
