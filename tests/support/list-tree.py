"""Prints what is below each folder that is given, as JSON: tests/support/tree-listing.ts has the types."""

import hashlib
import json
import os
import stat
import sys

KINDS = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character",
    stat.S_IFBLK: "block",
}


def digest_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entry_of(path, digests):
    found = os.lstat(path)
    kind = KINDS[stat.S_IFMT(found.st_mode)]
    entry = {
        "kind": kind,
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "size": found.st_size if kind == "file" else 0,
        "mtime": found.st_mtime_ns // 1_000_000_000,
        "xattrs": {
            os.fsencode(name).hex(): os.getxattr(path, name, follow_symlinks=False).hex()
            for name in os.listxattr(path, follow_symlinks=False)
        },
    }
    inode = (found.st_dev, found.st_ino)
    if kind == "file":
        if inode not in digests:
            digests[inode] = digest_of(path)
        entry["digest"] = digests[inode]
    if kind == "symlink":
        entry["target"] = os.readlink(path).hex()
    if kind in ("character", "block"):
        entry["device"] = f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    return entry, inode if kind != "directory" and found.st_nlink > 1 else None


def list_tree(root):
    digests = {}
    entries = {"": entry_of(root, digests)[0]}
    links = {}
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        for name in os.listdir(root + b"/" + folder):
            path = folder + b"/" + name if folder else name
            entry, inode = entry_of(root + b"/" + path, digests)
            entries[path.hex()] = entry
            if inode:
                links.setdefault(inode, []).append(path.hex())
            if entry["kind"] == "directory":
                waiting.append(path)
    for names in links.values():
        for name in names:
            entries[name]["sameAs"] = min(names)
    return entries


json.dump([list_tree(os.fsencode(root)) for root in sys.argv[1:]], sys.stdout)
