import assert from "node:assert/strict";
import { existsSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import type { Checksum } from "../../src/model/checksum.js";
import { pruneMetadata } from "../../src/repository/prune.js";
import { temporaryDirectory } from "../support/temporary-directory.js";

const DAY = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2030, 0, 31);

test("what metadata was not used for a week goes, with the files that nothing else names", async (t) => {
  const directory = temporaryDirectory(t);
  const [solv, metadata] = [join(directory, "solv"), join(directory, "metadata")];
  const pathOf = ({ algorithm, value }: Checksum): string => join(directory, "files", algorithm, value);
  const write = (path: string, days: number, content = "content"): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    const used = new Date(NOW - days * DAY);
    utimesSync(path, used, used);
  };
  const checksum = (letter: string): Checksum => ({ algorithm: "sha256", value: letter.repeat(64) });
  const repomd = (...letters: readonly string[]): string =>
    `<repomd>${letters
      .map(
        (letter, index) =>
          `<data type="t${index}"><checksum type="sha256">${checksum(letter).value}</checksum><location href="${letter}"/></data>`,
      )
      .join("")}</repomd>`;
  write(join(metadata, "old-repomd.xml"), 8, repomd("a", "b"));
  write(join(metadata, "new-repomd.xml"), 6, repomd("b", "c"));
  write(join(metadata, "damaged-repomd.xml"), 8, "<repomd");
  write(join(metadata, "kept.json"), 8);
  write(join(metadata, "fresh.json"), 0);
  write(join(solv, "old.solv"), 8);
  write(join(solv, ".old.solv.Ab12Cd"), 8);
  write(join(solv, "new.solv"), 6);
  // Files are as old as their download; whether they are needed, repomd.xml tells. "p" is a package.
  for (const letter of ["a", "b", "c", "p"]) write(pathOf(checksum(letter)), 100);
  const request = { solv, metadata, pathOf, now: NOW };
  assert.equal(await pruneMetadata(request), 6);
  const left = [
    ...["new-repomd.xml", "fresh.json"].map((name) => join(metadata, name)),
    join(solv, "new.solv"),
    ...["b", "c", "p"].map((letter) => pathOf(checksum(letter))),
  ];
  for (const path of left) assert.ok(existsSync(path), path);
  assert.equal(await pruneMetadata(request), 0);
  assert.equal(await pruneMetadata({ ...request, solv: "/no/such", metadata: "/no/such" }), 0);
});
