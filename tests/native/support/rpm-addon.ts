import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { Binding } from "../../../src/native/binding.js";

function findRepository(): string {
  let directory = import.meta.dirname;
  while (!existsSync(path.join(directory, "package.json"))) directory = path.dirname(directory);
  return directory;
}

/** The addon's file. `RPMOCI_TEST_ADDON` names another one, for example a build with sanitizers. */
export const { RPMOCI_TEST_ADDON: addonPath = path.join(findRepository(), "build", "Release", "rpmoci.node") } =
  process.env;

/** The addon as it is, below everything that `src/` makes of it. */
export const addon = createRequire(import.meta.url)(addonPath) as Binding;
