"""Prints what Python's tarfile finds in archives that lie on each other, in the form of tests/support/tree-listing.ts."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile

KINDS = {
    tarfile.REGTYPE: "file",
    tarfile.DIRTYPE: "directory",
    tarfile.SYMTYPE: "symlink",
    tarfile.FIFOTYPE: "fifo",
    tarfile.CHRTYPE: "character",
    tarfile.BLKTYPE: "block",
}
XATTR = "SCHILY.xattr."
MAGIC = {b"\x1f\x8b": ["gzip", "-dc"], b"\x28\xb5": ["zstd", "-dcq"]}

entries = {}
# By the name that comes first in the archive.
links = {}


def path_of(name):
    return b"" if name == "." else os.fsencode(name)


def digest_of(file):
    return hashlib.file_digest(file, "sha256").hexdigest()


def add(archive, member):
    path = path_of(member.name).hex()
    if member.islnk():
        first = path_of(member.linkname).hex()
        # It has the attributes of an inode a second time, but its extended ones.
        same = ("kind", "size", "xattrs", "target", "device", "digest")
        entries[path] = {key: entries[first][key] for key in same if key in entries[first]}
        links.setdefault(first, [first]).append(path)
    else:
        kind = KINDS[member.type]
        entries[path] = {"kind": kind, "size": member.size}
        entries[path]["xattrs"] = {
            os.fsencode(key[len(XATTR) :]).hex(): os.fsencode(value).hex()
            for key, value in member.pax_headers.items()
            if key.startswith(XATTR)
        }
        if kind == "file":
            entries[path]["digest"] = digest_of(archive.extractfile(member))
        if kind == "symlink":
            entries[path]["target"] = os.fsencode(member.linkname).hex()
        if kind in ("character", "block"):
            entries[path]["device"] = f"{member.devmajor}:{member.devminor}"
    entries[path].update(mode=member.mode, uid=member.uid, gid=member.gid, mtime=int(member.mtime))


for archive_path in sys.argv[1:]:
    with open(archive_path, "rb") as start:
        command = MAGIC.get(start.read(2), ["cat"])
    with subprocess.Popen([*command, archive_path], stdout=subprocess.PIPE) as stream:
        with tarfile.open(fileobj=stream.stdout, mode="r|", encoding="utf-8", errors="surrogateescape") as archive:
            for member in archive:
                add(archive, member)
for names in links.values():
    for name in names:
        entries[name]["sameAs"] = min(names)
json.dump(entries, sys.stdout)
