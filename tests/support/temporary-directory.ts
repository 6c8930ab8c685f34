/** Folders that go away with the test. */
import { chmodSync, lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** Makes an empty folder that is removed when the test (or suite) has ended, however it ends. */
export function temporaryDirectory(t: Pick<TestContext, "after">): string {
  const folder = mkdtempSync(join(tmpdir(), "rpmoci-test-"));
  t.after(() => removeTree(folder));
  return folder;
}

/** Removes a tree even if some of its directories may not be written to, as in an installed root. */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    makeWritable(path);
    rmSync(path, { recursive: true, force: true });
  }
}

function makeWritable(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}
