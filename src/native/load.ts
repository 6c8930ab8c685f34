/** Loads the addons; a failure becomes a list of remedies. */
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { packageRoot } from "../package-root.js";
import type { Binding, TransferBinding } from "./binding.js";

let loaded: Binding | undefined;
let loadedTransfers: TransferBinding | undefined;

/** The addon, loaded at the first call. Throws an `RpmociError` of kind `environment`. */
export function binding(): Binding {
  loaded ??= load<Binding>(addonPath(), constants.dlopen.RTLD_LAZY);
  return loaded;
}

/** The addon for transfers, loaded at the first call. Throws an `RpmociError` of kind `environment`. */
export function transferBinding(): TransferBinding {
  const { RTLD_LAZY, RTLD_DEEPBIND = 0 } = constants.dlopen;
  // Node's own OpenSSL is no match for a libcurl that was made for the system's, and exports the same names. A sanitizer's
  // runtime refuses to have them kept apart.
  const flags = process.env.RPMOCI_ADDON === undefined ? RTLD_LAZY | RTLD_DEEPBIND : RTLD_LAZY;
  loadedTransfers ??= load<TransferBinding>(join(dirname(addonPath()), "rpmoci-transfer.node"), flags);
  return loadedTransfers;
}

/** `RPMOCI_ADDON` names another one, for example a build with sanitizers. */
function addonPath(): string {
  return process.env.RPMOCI_ADDON ?? join(packageRoot(), "build", "Release", "rpmoci.node");
}

function load<T>(path: string, flags: number): T {
  const addon = { exports: {} };
  try {
    process.dlopen(addon, path, flags);
    return addon.exports as T;
  } catch (error) {
    throw new RpmociError(`Failed to load the native addon ${path}: ${messageOf(error)}`, {
      kind: "environment",
      code: "ADDON_MISSING",
      hint: existsSync(path)
        ? "it was built for another system: run npm rebuild rpmoci"
        : "install the development packages of libsolv, librpm, libdeflate, libcurl, nettle and sqlite, cmake and a C++ compiler, then run npm rebuild rpmoci",
      cause: error,
    });
  }
}
