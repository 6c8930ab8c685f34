import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import pMap from "p-map";
import { type Edit, type MetadataEdits, rewriteMetadata } from "../support/rewritten-metadata.js";
import { Scene } from "../support/scene.js";

async function smallScene(t: TestContext, packages: readonly string[] = ["tool"]): Promise<Scene> {
  const scene = await Scene.create(t, { packages: ["filesystem", "tiny-release", "tool-2.0"] });
  scene.writeManifest({
    packages,
    gpgkeys: [],
    repositories: [{ id: "tiny", url: scene.repositoryUrl, options: { gpgcheck: false } }],
  });
  return scene;
}

/** Changes the element of the package `tool` only. */
function ofTool(edit: Edit): Edit {
  return (xml) => xml.replace(/<package (?:(?!<\/package>).)*<name>tool<.*?<\/package>/s, edit);
}

function withLocation(location: string): Edit {
  return ofTool((xml) => xml.replace(/<location [^>]*>/, `<location ${location}/>`));
}

const laughs = `<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "${"&a;".repeat(1000)}"><!ENTITY c "${"&b;".repeat(1000)}">]>`;
const laughing: Edit = (xml) =>
  xml.replace(/<(metadata|filelists|repomd)/, (root) => `${laughs}${root}`).replace(/>[^<>]+<\//, ">&c;</");

const refused: readonly (readonly [string, MetadataEdits, RegExp])[] = [
  ["primary is empty", { primary: () => "" }, /repository tiny/],
  ["primary is cut short", { primary: (xml) => xml.slice(0, 3000) }, /repository tiny/],
  ["primary has another root", { primary: () => "<html/>" }, /repository tiny.*root element/],
  ["primary laughs", { primary: laughing }, /repository tiny.*document type/],
  ["filelists are empty", { filelists: () => "" }, /repository tiny/],
  ["filelists laugh", { filelists: laughing }, /repository tiny.*document type/],
  ["repomd is empty", { repomd: () => "" }, /repository "tiny"/],
  ["repomd is cut short", { repomd: (xml) => xml.slice(0, 300) }, /repository "tiny"/],
  ["repomd is a page", { repomd: () => "<html><body/></html>" }, /repository "tiny".*no <repomd> element/],
  ["repomd has no primary", { repomd: (xml) => xml.replace('"primary"', '"other"') }, /repository "tiny".*no primary/],
  ["repomd laughs", { repomd: laughing }, /repository "tiny"/],
  [
    "repomd leads outside",
    { repomd: (xml) => xml.replace('href="', 'href="../../../') },
    /repository "tiny".*not inside/,
  ],
  [
    "repomd nests deeply",
    { repomd: (xml) => xml.replace("<revision>", `${"<a>".repeat(50_000)}<revision>`) },
    /repository "tiny"/,
  ],
  [
    "a package has no checksum",
    { primary: ofTool((xml) => xml.replace(/<checksum.*<\/checksum>/, "")) },
    /package tool-2.* has no checksum.*"tiny"/,
  ],
  [
    "a checksum is no number",
    { primary: ofTool((xml) => xml.replace(/(<checksum[^>]*>)[^<]*/, "$1zz")) },
    /repository tiny.*invalid sha256 checksum/,
  ],
  [
    "a package has no location",
    { primary: withLocation("") },
    /package tool-2.* has a location that is not inside.*"tiny"/,
  ],
  [
    "a package is outside",
    { primary: withLocation('href="../../../etc/shadow"') },
    /package tool-2.* has a location that is not inside.*"tiny"/,
  ],
];

test("damaged metadata with right checksums is one clear error, and nothing is locked", async (t) => {
  await pMap(
    refused,
    async ([what, edits, message]) => {
      // Filelists are read for a path that primary metadata does not have.
      const scene = await smallScene(t, edits.filelists === undefined ? ["tool"] : ["tool", "/usr/share/nothing"]);
      rewriteMetadata(scene.repository, edits);
      const { code, stderr } = await scene.run(["update"]);
      assert.equal(code, 5, `${what}: ${stderr}`);
      assert.match(stderr, message, what);
      assert.doesNotMatch(stderr, /^\s+at .*[:(]\d+/m, what);
      assert.equal(scene.hasLockfile(), false, what);
    },
    { concurrency: 2 },
  );
});

test("numbers beyond all sizes are locked as unknown, and the lockfile can be read", async (t) => {
  const scene = await smallScene(t);
  rewriteMetadata(scene.repository, {
    primary: ofTool((xml) =>
      xml.replace(/<size [^>]*>/, '<size package="99999999999999999999999" installed="-1" archive="x"/>'),
    ),
  });
  assert.equal((await scene.run(["update"])).code, 0);
  assert.ok(scene.lockedNames().includes("tool"));
  const { code, stderr } = await scene.run(["vendor", "--out-dir", "vendor"]);
  assert.equal(code, 0, stderr);
});

test("metadata cannot lead a build to files of this machine", async (t) => {
  const scene = await smallScene(t);
  const secrets = join(scene.directory, "..", "secrets");
  mkdirSync(secrets);
  const rpm = readdirSync(scene.repository).find((name) => name.startsWith("tool-")) ?? "";
  writeFileSync(join(secrets, rpm), readFileSync(join(scene.repository, rpm)));
  rewriteMetadata(scene.repository, {
    primary: withLocation(`xml:base="${pathToFileURL(secrets).href}" href="${rpm}"`),
  });
  const { code, stderr } = await scene.run(["update"]);
  assert.equal(code, 5, stderr);
  assert.match(stderr, /package tool-2.* is said to be on this machine.*"tiny"/);
  assert.ok(!scene.hasLockfile());
});

test("a local repository whose package is a device or a pipe is an error", async (t) => {
  const scene = await smallScene(t);
  const url = pathToFileURL(scene.repository).href;
  scene.writeManifest({
    packages: ["tool"],
    gpgkeys: [],
    repositories: [{ id: "tiny", url, options: { gpgcheck: false } }],
  });
  rewriteMetadata(scene.repository, { primary: withLocation('xml:base="file:///dev" href="zero"') });
  assert.equal((await scene.run(["update"])).code, 0);
  const { code, stderr } = await scene.run(["vendor", "--out-dir", "vendor"], { timeout: 20_000 });
  assert.equal(code, 5, stderr);
  assert.match(stderr, /tool-2.*file:\/\/\/dev\/zero: is not a regular file/);
});
