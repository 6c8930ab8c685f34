/** Results that tests keep on disk: made once, even when several test files ask for the same at the same time. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fixturesCache } from "./project.js";

/**
 * Returns the folder of that name in the fixtures' cache. If there is none, `make` fills a temporary folder that then
 * takes its place: who comes second keeps the first one's result. Nobody may change what is inside.
 */
export async function cachedFolder(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const result = join(fixturesCache, name);
  if (existsSync(result)) return result;
  mkdirSync(join(result, ".."), { recursive: true });
  const work = mkdtempSync(join(fixturesCache, "work-"));
  try {
    await make(work);
    renameSync(work, result);
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return result;
}
