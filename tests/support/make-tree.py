"""Makes a tree of files from a plan (tests/support/tree-plan.ts), which comes as JSON on standard input."""

import json
import os
import random
import stat
import sys

plan = json.load(sys.stdin)
root = os.fsencode(plan["root"])
nodes = plan["nodes"]
node_of = {bytes.fromhex(name["path"]): name["node"] for name in plan["names"]}
first_path = {}

FORMATS = {
    "fifo": stat.S_IFIFO,
    "socket": stat.S_IFSOCK,
    "character": stat.S_IFCHR,
    "block": stat.S_IFBLK,
}


def host_path(path):
    return root + b"/" + path if path else root


def fill(path, node):
    with open(path, "xb") as file:
        file.truncate(node["size"])
        for part in node["data"]:
            file.seek(part["offset"])
            source = random.Random(part["seed"])
            if part["repeats"]:
                piece = source.randbytes(part["repeats"])
                file.write((piece * (part["size"] // len(piece) + 1))[: part["size"]])
            else:
                file.write(source.randbytes(part["size"]))


def make(path):
    index = node_of[path]
    node = nodes[index]
    if path and path not in made:
        make(path.rpartition(b"/")[0])
    if path in made:
        return
    made.add(path)
    where = host_path(path)
    if index in first_path:
        os.link(host_path(first_path[index]), where, follow_symlinks=False)
        return
    first_path[index] = path
    kind = node["kind"]
    if kind == "directory":
        os.mkdir(where)
    elif kind == "symlink":
        os.symlink(bytes.fromhex(node["target"]), where)
    elif kind == "file":
        fill(where, node)
    else:
        os.mknod(where, FORMATS[kind] | 0o600, os.makedev(*node["device"]))


def describe(path, node):
    where = host_path(path)
    # Changing the owner takes set-user-id bits and capabilities away.
    os.chown(where, node["uid"], node["gid"], follow_symlinks=False)
    if node["kind"] != "symlink":
        os.chmod(where, node["mode"])
    for name, value in node["xattrs"]:
        os.setxattr(where, bytes.fromhex(name), bytes.fromhex(value), follow_symlinks=False)
    time = int(node["mtime"])
    os.utime(where, ns=(time, time), follow_symlinks=False)


made = set()
for name in plan["names"]:
    make(bytes.fromhex(name["path"]))
for index, path in first_path.items():
    describe(path, nodes[index])
