/** The inputs that are kept: one file each, in a folder for each target. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/project.js";

function folderOf(target: string): string {
  return join(projectRoot, "tests/fuzz/corpus", target);
}

export function readCorpus(target: string): readonly string[] {
  const folder = folderOf(target);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8"));
}

export function addToCorpus(target: string, text: string): void {
  const folder = folderOf(target);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, createHash("sha256").update(text).digest("hex").slice(0, 16)), text);
}
