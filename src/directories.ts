/** Makes directories. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * As `mkdir` with `recursive`, which never returns where a file system answers ENOENT below a directory that is there, as
 * /proc and automounted folders do. Resolves to the outermost directory that was made; undefined when all were there.
 */
export async function makeDirectory(path: string): Promise<string | undefined> {
  const directory = resolve(path);
  try {
    return await makeOne(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const outermost = await makeDirectory(dirname(directory));
  // Once more only: what lacks a parent although it is there can never be made.
  const made = await makeOne(directory);
  return outermost ?? made;
}

async function makeOne(directory: string): Promise<string | undefined> {
  try {
    await mkdir(directory);
    return directory;
  } catch (error) {
    if ((await stat(directory).catch(() => null))?.isDirectory() === true) return undefined;
    throw error;
  }
}
