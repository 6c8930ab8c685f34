import assert from "node:assert/strict";
import test from "node:test";
import type { Solvable } from "../../src/native/binding.js";
import { packageUrls } from "../../src/pipeline/package-location.js";
import { InvalidRepomd, parseRepomd } from "../../src/repository/repomd.js";
import { isIntended, targets } from "../fuzz/targets.js";

const MEBIBYTE = 1 << 20;

/** Texts on which a parser could take time or memory out of proportion, by what they repeat. */
const texts: Readonly<Record<string, string>> = {
  "nested elements": "<repomd><metalink>".repeat(60_000),
  "elements that end": `<repomd>${"<a>".repeat(100_000)}${"</a>".repeat(100_000)}</repomd>`,
  attributes: `<repomd ${Array.from({ length: (15 * MEBIBYTE) >> 4 }, (_, index) => `a${index}=""`).join(" ")}/>`,
  "one attribute": `<repomd a="${"a".repeat(4 * MEBIBYTE)}"/>`,
  entities: `<!DOCTYPE a [<!ENTITY a "${"a".repeat(10_000)}">]><repomd>${"&a;".repeat(100_000)}</repomd>`,
  brackets: `<repomd>${"<".repeat(MEBIBYTE - 100)}`,
  slashes: `https://h/${"/".repeat(MEBIBYTE)}x`,
  blanks: `a${" ".repeat(MEBIBYTE)}b`,
  lines: "\n".repeat(MEBIBYTE),
};

for (const [name, text] of Object.entries(texts)) {
  test(`endless ${name} are read or refused in short time`, async () => {
    for (const target of ["repomd", "mirrors"]) {
      const start = performance.now();
      await assert.doesNotReject(async () => {
        try {
          await targets[target]?.run(text);
        } catch (error) {
          assert.ok(isIntended(error), String(error));
          assert.ok((error as Error).message.length < 1000, "a message of many pages");
        }
      });
      assert.ok(performance.now() - start < 5000, target);
    }
  });
}

test("a repomd.xml with a document type is refused", () => {
  assert.throws(() => parseRepomd("<!DOCTYPE a><repomd/>"), InvalidRepomd);
});

const found: Solvable = {
  name: "tool",
  evr: "1-1",
  arch: "noarch",
  repositoryId: "r",
  location: "a b/tool+1.rpm",
  baseUrl: null,
  checksum: null,
  downloadSize: 1,
  installedSize: 1,
  sourceRpm: "",
  buildTime: 0,
};

test("a package's URLs stay inside its repository, or beside it on the same server", () => {
  const bases = ["https://h/r"];
  assert.deepEqual(packageUrls(found, bases), ["https://h/r/a%20b/tool+1.rpm"]);
  assert.deepEqual(packageUrls({ ...found, baseUrl: "http://other//" }, bases), ["http://other/a%20b/tool+1.rpm"]);
  assert.deepEqual(packageUrls({ ...found, location: "%2e%2e/a" }, bases), ["https://h/r/%252e%252e/a"]);
  assert.deepEqual(packageUrls({ ...found, baseUrl: "file:///b" }, ["file:///a"]), ["file:///b/a%20b/tool+1.rpm"]);
  assert.deepEqual(packageUrls({ ...found, location: "../packages/a" }, bases), ["https://h/r/../packages/a"]);
  for (const location of ["", "../..", "../../a", "a/../../../b"]) {
    assert.throws(() => packageUrls({ ...found, location }, bases), { code: "PACKAGE_METADATA_INVALID" });
  }
  for (const location of ["..", "../a", "a/../../b"]) {
    assert.throws(() => packageUrls({ ...found, location }, ["file:///r"]), { code: "PACKAGE_METADATA_INVALID" });
  }
  for (const baseUrl of ["file:///etc", "FILE:///etc", "file:/etc"]) {
    assert.throws(() => packageUrls({ ...found, baseUrl }, bases), { code: "PACKAGE_METADATA_INVALID" });
  }
  const start = performance.now();
  packageUrls({ ...found, baseUrl: `http://h${"/".repeat(MEBIBYTE)}x` }, bases);
  assert.ok(performance.now() - start < 1000);
});
