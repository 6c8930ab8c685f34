/** The id of a repository that the manifest gives by its URL alone. */

/**
 * The URL's host and the segments of its path, joined by `_`; a final slash leaves a final `_`. Lockfiles refer to
 * repositories by it, so it must not change.
 */
export function repositoryIdOf(url: string): string {
  const { hostname, pathname } = new URL(url);
  return `${hostname}_${pathname.replace(/^\//, "").replaceAll("/", "_")}`;
}
