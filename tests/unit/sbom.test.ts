import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { PathResolver } from "../../src/inspect/path-resolver.js";
import { openImage } from "../../src/layout/open-image.js";
import { readTree } from "../../src/layout/read-tree.js";
import { digestFiles } from "../../src/rootfs/digest-files.js";
import { Root } from "../../src/rootfs/root.js";
import { distinctNames, uuidOf } from "../../src/sbom/identifiers.js";
import { parseLicence } from "../../src/sbom/licence.js";
import { parseOsRelease } from "../../src/sbom/os-release.js";
import { packageUrl } from "../../src/sbom/package-url.js";
import { isWebAddress } from "../../src/sbom/web-address.js";
import { writeRawLayout } from "../support/raw-layout.js";
import { runSuccessfully } from "../support/run.js";
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
  const digests = await digestFiles(await Root.open(root), [...found, ...missing]);
  assert.deepEqual([...digests.keys()], found);
  assert.equal(new Set([...digests.values()].map(({ sha256 }) => sha256)).size, 1);

  // Of an archive it is the same, which need not have entries for directories.
  await runSuccessfully("sh", ["-c", "find . ! -type d | tar -cf ../root.tar -T -"], { cwd: root });
  const layout = join(base, "layout");
  await writeRawLayout(layout, [{ archive: readFileSync(join(base, "root.tar")) }]);
  const options = { directory: base, isWanted: () => false, signal: undefined };
  const tree = await readTree(await openImage({ path: layout }), options);
  const resolver = new PathResolver(tree);
  const inTree = [...found, ...missing].filter(
    (path) => tree.byPath.get(resolver.resolve(path))?.inode.type === "file",
  );
  assert.deepEqual(inTree, found);
  assert.equal(resolver.find("/usr/lib/link")?.path, "/usr/lib/file");
  assert.equal(resolver.find("/loop/file"), undefined);
});
