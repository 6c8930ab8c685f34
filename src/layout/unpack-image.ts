/** Writes what is in an image to a directory, as somebody who runs it finds it. */
import { closeSync, constants, ftruncateSync, linkSync, mkdirSync, openSync, symlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path/posix";
import { messageOf, RpmociError } from "../errors.js";
import type { ImageFile, ImageSource, ImageTree, Inode } from "../model/image-tree.js";
import type { RestoredEntry } from "../native/binding.js";
import { cancellable } from "../native/cancellable.js";
import { binding } from "../native/load.js";
import { damaged } from "./image-faults.js";
import { type FileReader, readFiles } from "./read-tree.js";

/** Those of stat(2). */
const TYPES = {
  file: constants.S_IFREG,
  directory: constants.S_IFDIR,
  symlink: constants.S_IFLNK,
  character: constants.S_IFCHR,
  block: constants.S_IFBLK,
  fifo: constants.S_IFIFO,
} as const;

const DISK_FULL_HINT = "free some space, or name a directory on another disk with TMPDIR";

/** A directory that no layer has, and that something is in. */
const MISSING_DIRECTORY: Pick<Inode, "type" | "mode" | "uid" | "gid" | "mtime" | "nanoseconds" | "device" | "xattrs"> =
  {
    type: "directory",
    mode: 0o755,
    uid: 0,
    gid: 0,
    mtime: 0,
    nanoseconds: 0,
    device: "",
    xattrs: null,
  };

/**
 * Fills `directory`, which is empty, with the tree of the image, whatever layers it comes from: contents, owners, modes,
 * times to the nanosecond, hard links, capabilities and `user.*` attributes, and devices where the system lets it. The tree
 * alone decides where something is written, so that nothing leads out of the directory. Needs the rights of root. Throws an
 * `RpmociError` of kind `verify` for an image that is damaged, of kind `install` for what the system refuses, or the reason of
 * `signal`.
 */
export async function unpackImage(
  source: ImageSource,
  tree: ImageTree,
  directory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const files = withParents(source, tree);
  const host = (path: string): Buffer => Buffer.from(`${directory}${path}`, "latin1");
  const placed = new Map<Inode, string>();
  const links: ImageFile[] = [];
  for (const file of files) {
    const { path, inode } = file;
    if (path === "/") continue;
    if (inode.type === "directory") writing(path, () => mkdirSync(host(path), { mode: 0o700 }));
    else if (placed.has(inode)) links.push(file);
    else {
      placed.set(inode, path);
      if (inode.type === "symlink") {
        writing(path, () => symlinkSync(Buffer.from(inode.linkTarget, "latin1"), host(path)));
      }
    }
  }
  await writeContents(source, placed, host, signal);
  const own = files.filter(({ path, inode }) => inode.type === "directory" || placed.get(inode) === path);
  const refused = await cancellable(binding(), signal, (cancellation) =>
    binding().restoreEntries(directory, own.map(entryOf), cancellation),
  );
  const missing = new Set(refused.map((path) => `/${Buffer.from(path).toString("latin1")}`));
  for (const { path, inode } of links) {
    const first = placed.get(inode);
    if (first !== undefined && !missing.has(first)) writing(path, () => linkSync(host(first), host(path)));
  }
  // To make links has changed the times of what they are in.
  if (links.length > 0) {
    const directories = own.filter(({ inode }) => inode.type === "directory").map(entryOf);
    await cancellable(binding(), signal, (cancellation) =>
      binding().restoreEntries(directory, directories, cancellation),
    );
  }
}

/** In the order of the tree, with the directories that it lacks; the root first. */
function withParents(source: ImageSource, { files, byPath }: ImageTree): readonly ImageFile[] {
  const all = new Map<string, ImageFile>([["/", { path: "/", inode: { ...emptyInode(), ...byPath.get("/")?.inode } }]]);
  const add = (file: ImageFile): void => {
    if (all.has(file.path)) return;
    const parent = dirname(file.path);
    add(byPath.get(parent) ?? { path: parent, inode: emptyInode() });
    if (all.get(parent)?.inode.type !== "directory") {
      throw damaged(source.name, JSON.stringify(file.path), "what it is in is not a directory");
    }
    all.set(file.path, file);
  };
  for (const file of files) add(file);
  return [...all.values()];
}

function emptyInode(): Inode {
  return { ...MISSING_DIRECTORY, size: 0, linkTarget: "", capability: "", layer: -1, origin: "" };
}

async function writeContents(
  source: ImageSource,
  placed: ReadonlyMap<Inode, string>,
  host: (path: string) => Buffer,
  signal: AbortSignal | undefined,
): Promise<void> {
  const wanted = [...placed.keys()].filter(({ type }) => type === "file");
  const open = new Set<number>();
  const close = (file: number): void => {
    closeSync(file);
    open.delete(file);
  };
  const writerOf = (inode: Inode): FileReader => {
    const path = placed.get(inode) ?? "";
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    const file = writing(path, () => openSync(host(path), flags, 0o600));
    open.add(file);
    // Of a file that a layer has twice, the last stays.
    writing(path, () => ftruncateSync(file));
    const write = (bytes: Buffer): void => {
      for (let written = 0; written < bytes.length; ) {
        written += writing(path, () => writeSync(file, bytes, written));
      }
    };
    return { write, end: () => close(file) };
  };
  try {
    await readFiles(source, wanted, writerOf, signal);
  } finally {
    for (const file of open) close(file);
  }
}

function entryOf({ path, inode }: ImageFile): RestoredEntry {
  const [major = "0", minor = "0"] = inode.device.split(":");
  const xattrs = [...(inode.xattrs ?? [])].map(([name, value]) => ({ name: bytes(name), value: bytes(value) }));
  return {
    path: bytes(path.slice(1)),
    mode: TYPES[inode.type] | inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    mtime: inode.mtime,
    nanoseconds: inode.nanoseconds,
    deviceMajor: Number(major) || 0,
    deviceMinor: Number(minor) || 0,
    xattrs,
  };
}

function bytes(text: string): Buffer {
  return Buffer.from(text, "latin1");
}

/** Names what could not be written. */
function writing<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const full = (error as NodeJS.ErrnoException).code === "ENOSPC";
    throw new RpmociError(`Failed to unpack ${JSON.stringify(path)} of the base image: ${messageOf(error)}`, {
      kind: "install",
      code: full ? "DISK_FULL" : "BASE_UNPACK_FAILED",
      hint: full ? DISK_FULL_HINT : undefined,
      cause: error,
    });
  }
}
