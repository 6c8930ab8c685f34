/** This package's own version. */
import { readFileSync } from "node:fs";
import { packageRoot } from "./package-root.js";

/** As package.json has it. */
export function version(): string {
  return JSON.parse(readFileSync(`${packageRoot()}/package.json`, "utf8")).version;
}
