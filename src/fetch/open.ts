/** What a URL has, when it is a file of this machine; and why another gave no bytes. */
import { constants, createReadStream } from "node:fs";
import { open as openFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { messageOf } from "../errors.js";
import { withoutCredentials } from "../model/url.js";

/** Why a URL gave no bytes, in words for users. */
export class OpenFailure extends Error {
  constructor(url: string, reason: string) {
    super(`${withoutCredentials(url)}: ${reason}`);
  }
}

/** Whether a URL is a file's. */
export function isLocal(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === "file:";
}

/** Regular files only: a device may never end, and a pipe never begin. Throws an `OpenFailure`. */
export async function openLocal(url: string): Promise<Readable> {
  try {
    const handle = await openFile(fileURLToPath(url), constants.O_RDONLY | constants.O_NONBLOCK);
    if ((await handle.stat()).isFile()) return createReadStream("", { fd: handle });
    await handle.close();
  } catch (error) {
    throw new OpenFailure(url, messageOf(error));
  }
  throw new OpenFailure(url, "is not a regular file");
}
