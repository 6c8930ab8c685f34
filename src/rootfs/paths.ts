/** `[[paths]]`: files, directories and links that no package brings, and changes to those that packages bring. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, copyFile, lchown, link, lstat, readdir, rm, stat, symlink, utimes } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { bytesOf, textOf } from "../model/byte-string.js";
import { parseCapabilities } from "../model/capabilities.js";
import type { Owner, Ownership, PathEntry, SourceContents, SourceFile } from "../model/root-shape.js";
import { binding } from "../native/load.js";
import { AccountFiles } from "./account-files.js";
import { changing, type FileOwner, makeDirectory, makeParents, makeRoom, replaceFile, setOwner } from "./change.js";
import { refuseDatabase } from "./remove-files.js";
import type { Root } from "./root.js";

const NEW_DIRECTORY: FileOwner = { mode: 0o755, uid: 0, gid: 0 };
const NEW_FILE: FileOwner = { mode: 0o644, uid: 0, gid: 0 };

/**
 * Applies the entries in their order. Symlinks of the root lead as they do for a process in it, and are followed at a
 * path's end for directories, permissions and capabilities only; what else is there is replaced, unless it is a
 * directory. Directories that lead to a path are made. Throws an `RpmociError` of kind `install` that names the path, and
 * of kind `manifest` for an owner that the image does not have, for the rpm database, and for a source that has changed.
 */
export async function applyPaths(
  root: Root,
  databasePath: string,
  entries: readonly PathEntry[],
  sources: SourceContents,
  emit: Emit,
): Promise<void> {
  if (entries.length === 0) return;
  const database = await root.resolve(bytesOf(databasePath), "follow");
  const editor = new RootEditor(root, database, sources, emit);
  for (const entry of entries) {
    await changing(`paths: ${entry.path}: cannot ${TASKS[entry.type]}`, () => editor.apply(entry));
  }
}

const TASKS: Readonly<Record<PathEntry["type"], string>> = {
  directory: "make the directory",
  file: "write the file",
  symlink: "make the symlink",
  hardlink: "make the hard link",
  permissions: "change permissions",
  capabilities: "set capabilities",
  remove: "remove it",
};

class RootEditor {
  #accounts: AccountFiles | undefined;

  constructor(
    private readonly root: Root,
    private readonly database: string,
    private readonly sources: SourceContents,
    private readonly emit: Emit,
  ) {}

  async apply(entry: PathEntry): Promise<void> {
    switch (entry.type) {
      case "directory":
        return this.#makeDirectory(entry);
      case "file":
        return this.#writeFile(entry);
      case "symlink": {
        const path = await this.#freePath(entry.path);
        return symlink(Buffer.from(entry.target), this.root.host(path));
      }
      case "hardlink":
        return this.#makeHardLink(entry);
      case "permissions": {
        const path = await this.#presentPath(entry.path);
        return this.#changePermissions(path, await this.#ownership(entry), entry.recursive);
      }
      case "capabilities": {
        const path = await this.#presentPath(entry.path);
        const value = parseCapabilities(entry.capabilities);
        if (value === null) throw new Error(`"${entry.capabilities}" are none`);
        const host = this.root.host(path);
        if (!(await lstat(host)).isFile()) throw new Error("it is not a regular file");
        binding().setFileCapabilities(host, value);
        return touch(host);
      }
      case "remove":
        return this.#remove(entry);
    }
  }

  async #makeDirectory(entry: PathEntry & Ownership): Promise<void> {
    const path = await this.root.resolve(bytesOf(entry.path), "follow");
    const wanted = await this.#ownership(entry);
    const status = await lstat(this.root.host(path)).catch(() => null);
    if (status?.isDirectory() === true) return this.#changePermissions(path, wanted, false);
    if (status !== null) throw new Error("there is something else");
    await makeParents(this.root, path);
    await makeDirectory(this.root, path, { ...NEW_DIRECTORY, ...wanted });
  }

  async #writeFile(entry: PathEntry & { readonly type: "file" }): Promise<void> {
    const owner = { ...NEW_FILE, ...(await this.#ownership(entry)) };
    const path = await this.#freePath(entry.path);
    if (entry.source === undefined) return replaceFile(this.root, path, Buffer.from(entry.content ?? ""), owner);
    const host = this.root.host(path);
    await copyFile(entry.source.path, host);
    await this.#requireUnchanged(host, entry.source);
    await setOwner(this.root, path, owner);
  }

  /** The copy must be what the image is known by. */
  async #requireUnchanged(copy: Buffer, { path }: SourceFile): Promise<void> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(copy), hash);
    if (hash.digest("hex") === this.sources.digests.get(path)) return;
    throw new RpmociError(`${path} has changed while the image was built`, {
      kind: "manifest",
      code: "MANIFEST_SOURCE_CHANGED",
      hint: "build again",
    });
  }

  async #makeHardLink({ path, target }: PathEntry & { readonly target: string }): Promise<void> {
    const from = await this.root.resolve(bytesOf(target), "follow");
    const status = await lstat(this.root.host(from)).catch(() => null);
    if (status === null) throw new Error(`there is no ${target}`);
    if (!status.isFile()) throw new Error(`${target} is not a regular file`);
    const to = await this.root.resolve(bytesOf(path), "keep");
    // To make room would remove the file itself.
    if (to === from) return;
    await link(this.root.host(from), this.root.host(await this.#freePath(path)));
  }

  async #remove(entry: PathEntry): Promise<void> {
    const path = await this.root.resolve(bytesOf(entry.path), "keep");
    refuseDatabase(path, this.database, `paths: ${entry.path}`);
    const host = this.root.host(path);
    if ((await lstat(host).catch(() => null)) === null) {
      this.emit({ type: "warning", message: `paths: ${entry.path}: there is nothing to remove` });
    }
    await rm(host, { recursive: true, force: true });
  }

  /** Regular files count as modified, so that they go to the topmost layer; owners and modes of directories are where they are. */
  async #changePermissions(path: string, wanted: Partial<FileOwner>, recursive: boolean): Promise<void> {
    const host = this.root.host(path);
    const status = await lstat(host);
    const { uid = status.uid, gid = status.gid, mode = status.mode & 0o7777 } = wanted;
    if (wanted.uid !== undefined || wanted.gid !== undefined) await lchown(host, uid, gid);
    if (!status.isSymbolicLink()) await chmod(host, mode);
    if (status.isFile()) await touch(host);
    if (!recursive || !status.isDirectory()) return;
    for (const name of await readdir(host, "latin1")) {
      await this.#changePermissions(`${path}/${name}`, wanted, true);
    }
  }

  /** Where something new can be put: what was there, but for a directory, is gone. */
  async #freePath(text: string): Promise<string> {
    const path = await this.root.resolve(bytesOf(text), "keep");
    refuseDatabase(path, this.database, `paths: ${text}`);
    await makeRoom(this.root, path);
    return path;
  }

  async #presentPath(text: string): Promise<string> {
    const path = await this.root.resolve(bytesOf(text), "follow");
    if ((await stat(this.root.host(path)).catch(() => null)) === null) throw new Error(`there is no ${textOf(path)}`);
    return path;
  }

  /** Without what is left as it is. */
  async #ownership({ path, uid, gid, mode }: Ownership & { readonly path: string }): Promise<Partial<FileOwner>> {
    return {
      ...(uid === undefined ? {} : { uid: await this.#idOf("passwd", uid, path) }),
      ...(gid === undefined ? {} : { gid: await this.#idOf("group", gid, path) }),
      ...(mode === undefined ? {} : { mode }),
    };
  }

  /** Paths may change these files, but not who has which id. */
  async #idOf(file: "passwd" | "group", owner: Owner, path: string): Promise<number> {
    if (typeof owner === "number") return owner;
    this.#accounts ??= await AccountFiles.read(this.root);
    const id = this.#accounts.find(file, owner)?.[2];
    if (id !== undefined && /^\d+$/.test(id)) return Number(id);
    throw new RpmociError(`paths: ${path}: the image has no ${file === "group" ? "group" : "user"} "${owner}"`, {
      kind: "manifest",
      code: "MANIFEST_ACCOUNT_UNKNOWN",
      hint: "add it to [accounts], or the package that makes it to contents.packages",
    });
  }
}

/** It is not as its package brought it any more. */
async function touch(host: Buffer): Promise<void> {
  const now = new Date();
  await utimes(host, now, now);
}
