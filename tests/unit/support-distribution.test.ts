import assert from "node:assert/strict";
import test from "node:test";
import { parseControl, parseRelations } from "../../scripts/distribution/control.js";
import { licenseOf } from "../../scripts/distribution/copyright.js";
import { PackageIndex } from "../../scripts/distribution/package-index.js";
import { relationsOf } from "../../scripts/distribution/relations.js";
import type { TarMember } from "../../scripts/distribution/tar.js";
import { mergedEntries } from "../../scripts/distribution/usrmerge.js";
import { evrText } from "../../scripts/distribution/version.js";
import { run } from "../support/run.js";

test("rpm orders the mapped versions as Debian orders the originals", async (t) => {
  const ascending = [
    "1.0~rc1-1",
    "1.0-0",
    "1.0-1~bpo1",
    "1.0-1",
    "1.0-1+b1",
    "1.0-1.1",
    "1.0+dfsg-1",
    "1.0.1-1",
    "1:0.1-1",
  ];
  if ((await run("rpm", ["--version"])).code !== 0) return t.skip("rpm is not installed");
  for (const [index, lower] of ascending.slice(0, -1).entries()) {
    const higher = ascending[index + 1] as string;
    const compare = `%{lua:print(rpm.vercmp("${evrText(lower)}", "${evrText(higher)}"))}`;
    const { stdout } = await run("rpm", ["--eval", compare]);
    assert.equal(stdout.trim(), "-1", `${lower} < ${higher}`);
  }
  return undefined;
});

test("relations become rpm's", () => {
  const [control] = parseControl(`Package: p
Pre-Depends: libc6 (>= 2.36), dpkg (>= 1.19)
Depends: a:any | b (>> 1:2), debconf | debconf-2.0, g (<< 2.39-.)
Breaks: old (<< 3.0-2~)
Conflicts: other
Provides: virtual, exact (= 4)
`);
  const relations = relationsOf(control ?? new Map()).map(({ kind, text }) => `${kind}: ${text}`);
  assert.deepEqual(relations, [
    "Requires(pre): libc6 >= 2.36-0",
    "Requires: (a or b > 1:2-0)",
    "Requires: g < 2.39-999999999.",
    "Conflicts: other",
    "Conflicts: (old < 3.0-2~ with old > 0~~-0)",
    "Provides: virtual = 0~~-0",
    "Provides: exact = 4-0",
  ]);
});

test("control files have continuation lines, comments and several paragraphs", () => {
  const paragraphs = parseControl("A: 1\nB: two\n lines\n .\n# note\n\n\nA: 3\n");
  assert.deepEqual(
    paragraphs.map((paragraph) => Object.fromEntries(paragraph)),
    [{ A: "1", B: "two\nlines\n." }, { A: "3" }],
  );
  assert.deepEqual(parseRelations("x (< 1)"), [[{ name: "x", operator: "<=", version: "1" }]]);
});

test("a closure takes the first alternative that exists, and the most important provider", () => {
  const paragraph = (name: string, rest: string): string =>
    `Package: ${name}\nFilename: ${name}.deb\nVersion: 1\nArchitecture: all\nSHA256: 0\n${rest}\n`;
  const index = new PackageIndex(
    parseControl(
      [
        paragraph("root", "Depends: absent | second, awk, debconf"),
        paragraph("second", ""),
        paragraph("gawk", "Provides: awk\nPriority: optional"),
        paragraph("mawk", "Provides: awk\nPriority: required"),
        paragraph("debconf", ""),
        paragraph("base", "Essential: yes"),
      ].join("\n"),
    ),
  );
  const names = index.closure([...index.essential, "root", "unknown"]).map(({ name }) => name);
  assert.deepEqual(names, ["base", "mawk", "root", "second"]);
});

test("files move below /usr, and relative links still arrive", () => {
  const member = (name: string, type: TarMember["type"], target = ""): TarMember => {
    return { name, type, target, mode: 0o755, user: "root", group: "root", mtime: 0, content: Buffer.alloc(0) };
  };
  const entries = mergedEntries([
    member("", "directory"),
    member("bin", "directory"),
    member("bin/sh", "symlink", "dash"),
    member("bin/up", "symlink", "../usr/bin/tool"),
    member("lib/x.so", "symlink", "/lib/x.so.1"),
    member("bin/which", "file"),
    member("usr/bin/which", "symlink", "/bin/which"),
    member("usr/bin/tool", "file"),
  ]);
  assert.deepEqual(
    entries.map((entry) => [entry.path, entry.type, entry.type === "symlink" ? entry.target : ""]),
    [
      ["/usr/bin", "directory", ""],
      ["/usr/bin/sh", "symlink", "dash"],
      ["/usr/bin/tool", "file", ""],
      ["/usr/bin/up", "symlink", "tool"],
      ["/usr/bin/which", "file", ""],
      ["/usr/lib/x.so", "symlink", "/usr/lib/x.so.1"],
    ],
  );
});

test("licences come from machine-readable copyright files", () => {
  const format = "Format: the copyright-format/1.0/\n\n";
  assert.equal(
    licenseOf(`${format}Files: *\nLicense: MIT\n text\n\nFiles: b\nLicense: GPL-2+ or X\n`),
    "(GPL-2+ OR X) AND MIT",
  );
  assert.equal(licenseOf("This is free software."), "LicenseRef-See-Copyright-File");
  assert.equal(licenseOf(null), "LicenseRef-See-Copyright-File");
});
