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


def entry_of(path, first_names, name):
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
            os.fsencode(attribute).hex(): os.getxattr(path, attribute, follow_symlinks=False).hex()
            for attribute in os.listxattr(path, follow_symlinks=False)
        },
    }
    if kind == "symlink":
        entry["target"] = os.readlink(path).hex()
    if kind in ("character", "block"):
        entry["device"] = f"{os.major(found.st_rdev)}:{os.minor(found.st_rdev)}"
    first = name
    if kind != "directory" and found.st_nlink > 1:
        first = first_names.setdefault((found.st_dev, found.st_ino), name)
        entry["sameAs"] = first.hex()
    if kind == "file" and first == name:
        entry["digest"] = digest_of(path)
    return entry


def list_tree(root):
    entries = {"": entry_of(root, {}, b"")}
    first_names = {}
    waiting = [b""]
    while waiting:
        folder = waiting.pop()
        # Sorted, and not by the names of all: the first name of an inode is the same in every copy of the tree.
        for name in sorted(os.listdir(root + b"/" + folder)):
            path = folder + b"/" + name if folder else name
            entry = entry_of(root + b"/" + path, first_names, path)
            entries[path.hex()] = entry
            if entry["kind"] == "directory":
                waiting.append(path)
    return entries


json.dump([list_tree(os.fsencode(root)) for root in sys.argv[1:]], sys.stdout)
