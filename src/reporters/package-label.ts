/** A package's name in lists and trees. */
import type { GraphPackage } from "../index.js";

export function packageLabel({ name, evr, arch, repositoryId }: GraphPackage): string {
  const version = evr === null ? "" : `-${evr}${arch === null ? "" : `.${arch}`}`;
  return `${name}${version}${repositoryId === null ? " (a local package)" : ""}`;
}
