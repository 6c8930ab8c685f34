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
    return (await makeOne(directory)) ? directory : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(directory) === directory) throw error;
  }
  const outermost = await makeDirectory(dirname(directory));
  // Once more, and once only; others may make the same directories at the same time.
  const made = await makeOne(directory);
  return outermost ?? (made ? directory : undefined);
}

/** Whether the directory was made now; false when it was there. */
async function makeOne(directory: string): Promise<boolean> {
  try {
    await mkdir(directory);
    return true;
  } catch (error) {
    if ((await stat(directory).catch(() => null))?.isDirectory() === true) return false;
    throw error;
  }
}
