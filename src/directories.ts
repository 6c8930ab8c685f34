/** Makes directories. */
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/**
 * As `mkdir` with `recursive`, which never returns where a file system answers ENOENT below a directory that is there, as
 * /proc and automounted folders do. Resolves to the outermost directory that was made; undefined when all were there.
 */
export async function makeDirectory(path: string): Promise<string | undefined> {
  const directory = resolve(path);
  let fault: NodeJS.ErrnoException;
  try {
    await mkdir(directory);
    return directory;
  } catch (error) {
    fault = error as NodeJS.ErrnoException;
  }
  if (await isDirectory(directory)) return undefined;
  const parent = dirname(directory);
  if (fault.code !== "ENOENT" || (await isDirectory(parent))) throw fault;
  const outermost = await makeDirectory(parent);
  const made = await makeDirectory(directory);
  return outermost ?? made;
}

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}
