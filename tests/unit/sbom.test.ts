import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { FileTree, TreeEntry } from "../../src/model/file-tree.js";
import { rootTree } from "../../src/rootfs/root-tree.js";
import { distinctNames, uuidOf } from "../../src/sbom/identifiers.js";
import { digestFiles } from "../../src/sbom/installed-files.js";
import { parseLicence } from "../../src/sbom/licence.js";
import { parseOsRelease } from "../../src/sbom/os-release.js";
import { packageUrl } from "../../src/sbom/package-url.js";
import { isWebAddress } from "../../src/sbom/web-address.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

for (const [text, expected] of [
  ["ID=fedora\nVERSION_ID=41\nPRETTY_NAME='Fedora 41'\n", { id: "fedora", versionId: "41", prettyName: "Fedora 41" }],
  ['  ID="rhel"  \nVERSION_ID="9.4"\n', { id: "rhel", versionId: "9.4", prettyName: "rhel 9.4" }],
  ['ID=x\nPRETTY_NAME="a \\"b\\" \\$c"', { id: "x", versionId: "", prettyName: 'a "b" $c' }],
  ["ID=../../etc\nVERSION_ID=1", null],
  ["# ID=fedora\nVERSION_ID=41", null],
  [null, null],
] as const) {
  test(`os-release: ${JSON.stringify(text)}`, () => assert.deepEqual(parseOsRelease(text), expected));
}

test("package URLs have the qualifiers that are known, and Red Hat's own name", () => {
  const bash = { name: "bash", epoch: null, version: "5.1-1", arch: "x86_64", sourceRpm: "bash-5.1-1.src.rpm" };
  const distribution = (id: string, versionId: string) => ({ id, versionId, prettyName: "" });
  assert.equal(
    packageUrl(bash, distribution("rhel", "9.4")),
    "pkg:rpm/redhat/bash@5.1-1?arch=x86_64&distro=rhel-9.4&upstream=bash-5.1-1.src.rpm",
  );
  const key = { ...bash, name: "gpg-pubkey", epoch: 0, arch: "", sourceRpm: "" };
  assert.equal(packageUrl(key, distribution("rolling", "")), "pkg:rpm/rolling/gpg-pubkey@5.1-1?distro=rolling");
  const odd = { ...bash, name: "libstdc++", epoch: 3, version: "1~rc^2-1", sourceRpm: "" };
  assert.equal(packageUrl(odd, null), "pkg:rpm/libstdc%2B%2B@1~rc%5E2-1?arch=x86_64&epoch=3");
});

for (const [tag, isExpression, references] of [
  ["MIT", true, []],
  [" GPL-2.0-or-later  WITH Classpath-exception-2.0\n AND MIT", true, []],
  ["LicenseRef-A AND (MIT OR LicenseRef-A OR LicenseRef-b.c)", true, ["LicenseRef-A", "LicenseRef-b.c"]],
  ["GPLv2+", false, []],
  ["MIT and BSD", false, []],
  ["DocumentRef-x:LicenseRef-y", false, []],
  ["(".repeat(100_000), false, []],
] as const) {
  test(`licence: ${tag.slice(0, 60).trim()}`, () => {
    const text = tag.replace(/\s+/g, " ").trim();
    assert.deepEqual(parseLicence(tag), { text, isExpression, references });
  });
}

test("a package without a licence has none", () => assert.equal(parseLicence(" \n"), null));

test("URLs that formats refuse are none", () => {
  assert.ok(isWebAddress("https://example.com/a?b=c#d"));
  for (const url of [
    "",
    "example.com",
    "ftp://example.com",
    "http://",
    "https://a b",
    "https://a/{b}",
    "javascript:x",
  ]) {
    assert.ok(!isWebAddress(url), url);
  }
});

test("identifiers are UUIDs of version 5, and the same for the same name", () => {
  assert.match(uuidOf("a"), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(uuidOf("a"), uuidOf("a"));
  assert.notEqual(uuidOf("a"), uuidOf("b"));
  const distinct = distinctNames();
  const names = ["a", "b", "a", "a-2", "a"].map(distinct);
  assert.equal(new Set(names).size, names.length, names.join());
});

test("files are found through links inside of the root only", async (t) => {
  const base = temporaryDirectory(t);
  const root = join(base, "root");
  mkdirSync(join(root, "usr/lib/deep"), { recursive: true });
  writeFileSync(join(root, "usr/lib/file"), "inside");
  writeFileSync(join(base, "file"), "outside");
  for (const [path, target] of [
    ["lib", "usr/lib"],
    ["absolute", "/usr/lib"],
    ["above", "../../../usr/lib"],
    ["usr/lib/deep/back", ".."],
    ["out", base],
    ["loop", "loop"],
    ["usr/lib/link", "file"],
  ] as const) {
    symlinkSync(target, join(root, path));
  }
  const found = ["/usr/lib/file", "/lib/file", "/absolute/file", "/above/file", "/lib/deep/back/deep/back/file"];
  const missing = [
    "/out/file",
    "/loop/file",
    "/usr/lib/link",
    "/usr/lib",
    "/usr/lib/file/x",
    "/none",
    "/usr/lib/\ufffd",
  ];
  const tree = rootTree(root);
  const digests = await digestFiles(tree, [...found, ...missing]);
  assert.deepEqual([...digests.keys()], found);
  assert.equal(new Set([...digests.values()].map(({ sha256 }) => sha256)).size, 1);

  // An archive need not have entries for directories.
  const entries = new Map<string, TreeEntry>([
    ["usr/file", await fileOf(tree)],
    ["link", { kind: "link", target: "usr" }],
  ]);
  const sparse: FileTree = { entryAt: async (path) => entries.get(path) };
  assert.deepEqual(
    [...(await digestFiles(sparse, ["/usr/file", "/link/file", "/link/none"])).keys()],
    ["/usr/file", "/link/file"],
  );
});

async function fileOf(tree: FileTree): Promise<TreeEntry> {
  return (await tree.entryAt("usr/lib/file")) as TreeEntry;
}
