/** What git knows of the files that an image is made of. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { messageOf, RpmociError } from "../errors.js";
import { ANNOTATION_REVISION, ANNOTATION_SOURCE, type Annotations } from "../model/descriptor.js";

/**
 * The commit that is checked out in `directory`, with `-dirty` when tracked files differ from it, and where the remote
 * `origin` is, without credentials, when that is a URL. Throws an `RpmociError` of kind `usage` where there is no commit.
 */
export async function readGitAnnotations(directory: string): Promise<Annotations> {
  const git = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)("git", ["--no-optional-locks", "-C", directory, ...args])).stdout.trim();
  try {
    const commit = await git("rev-parse", "--verify", "HEAD");
    const changes = await git("status", "--porcelain", "--untracked-files=no");
    const origin = sourceUrl(await git("remote", "get-url", "origin").catch(() => ""));
    return {
      [ANNOTATION_REVISION]: changes === "" ? commit : `${commit}-dirty`,
      ...(origin === null ? {} : { [ANNOTATION_SOURCE]: origin }),
    };
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const reason = stderr.trim().split("\n")[0] || messageOf(error);
    throw new RpmociError(`git knows no commit of ${directory}: ${reason}`, {
      kind: "usage",
      code: "GIT_REVISION_UNKNOWN",
      hint: "run rpmoci in a clone, or give --annotation org.opencontainers.image.revision=… instead",
      cause: error,
    });
  }
}

/** Null for paths on this machine, which mean nothing elsewhere. */
function sourceUrl(remote: string): string | null {
  const [, host, path] = /^([\w.-]+@[\w.-]+):(?!\/\/)(.+)$/.exec(remote) ?? [];
  const text = host === undefined ? remote : `ssh://${host}/${path?.replace(/^\//, "")}`;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.protocol === "file:" || url.host === "") return null;
  url.password = "";
  // Of SSH, the user is part of the address; of HTTP, it may be a token.
  if (url.protocol !== "ssh:") url.username = "";
  return url.href;
}
