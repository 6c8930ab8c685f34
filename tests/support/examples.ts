/** The manifests of examples/. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project.js";

export interface ExampleFile {
  /** From the project's root. */
  readonly path: string;
  readonly text: string;
}

const isTopic = (path: string): boolean => path.includes("/topics/");

/** Those about one topic come first, the shortest before others; what others include is among them. */
export const exampleFiles: readonly ExampleFile[] = readdirSync(join(projectRoot, "examples"), {
  recursive: true,
  encoding: "utf8",
})
  .filter((name) => name.endsWith(".toml"))
  .map((name) => `examples/${name}`)
  .map((path) => ({ path, text: readFileSync(join(projectRoot, path), "utf8") }))
  .sort(
    (a, b) =>
      Number(isTopic(b.path)) - Number(isTopic(a.path)) || a.text.length - b.text.length || (a.path < b.path ? -1 : 1),
  );
