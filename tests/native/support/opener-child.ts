/** The process that `Opener` drives: opens repositories and tells what became of it. */
import { readFileSync, writeFileSync } from "node:fs";
import type { RepositoryFiles } from "../../../src/native/binding.js";
import type { Opened } from "./opener.js";
import { openPool, query, solve } from "./package-repository.js";

/** Kibibytes, by its name in the kernel's account of this process. */
function memory(field: "VmRSS" | "VmHWM"): number {
  return Number(readFileSync("/proc/self/status", "utf8").match(new RegExp(`${field}:\\s*(\\d+)`))?.[1]);
}

async function open(repository: RepositoryFiles, specs: readonly string[]): Promise<Opened> {
  // The peak starts anew from here.
  writeFileSync("/proc/self/clear_refs", "5");
  const before = memory("VmRSS");
  const outcome = await outcomeOf(repository, specs);
  return { ...outcome, memory: (memory("VmHWM") - before) * 1024 };
}

async function outcomeOf(repository: RepositoryFiles, specs: readonly string[]): Promise<Omit<Opened, "memory">> {
  try {
    const pool = await openPool([repository]);
    try {
      const packages = (await query(pool, "*")).map((found) => JSON.stringify(found)).sort();
      const results = [];
      for (const spec of specs) results.push(JSON.stringify(await solve(pool, [spec])));
      return { error: null, packages, results };
    } finally {
      pool.close();
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    return { error: { code: code ?? "none", message }, packages: [], results: [] };
  }
}

process.on("message", ({ repository, specs }: { repository: RepositoryFiles; specs: readonly string[] }) => {
  open(repository, specs).then((opened) => process.send?.(opened));
});
