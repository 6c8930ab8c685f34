/** Loads the addon; a failure becomes a list of remedies. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { packageRoot } from "../package-root.js";
import type { Binding } from "./binding.js";

let loaded: Binding | undefined;

/** The addon, loaded at the first call. Throws an `RpmociError` of kind `environment`. */
export function binding(): Binding {
  loaded ??= load();
  return loaded;
}

function load(): Binding {
  const path = process.env.RPMOCI_ADDON ?? join(packageRoot(), "build", "Release", "rpmoci.node");
  try {
    return createRequire(import.meta.url)(path);
  } catch (error) {
    throw new RpmociError(`Failed to load the native addon ${path}: ${messageOf(error)}`, {
      kind: "environment",
      code: "ADDON_MISSING",
      hint: existsSync(path)
        ? "it was built for another system: run npm rebuild rpmoci"
        : "install the development packages of libsolv, librpm, libdeflate, nettle and sqlite, cmake and a C++ compiler, then run npm rebuild rpmoci",
      cause: error,
    });
  }
}
