import { createRequire } from "node:module";
import path from "node:path";
import type { Binding } from "../../../src/native/binding.js";
import { projectRoot } from "../../support/project.js";

/** The addon's file. `RPMOCI_ADDON` names another one, for example a build with sanitizers. */
export const { RPMOCI_ADDON: addonPath = path.join(projectRoot, "build", "Release", "rpmoci.node") } = process.env;

/** The addon as it is, below everything that `src/` makes of it. */
export const addon = createRequire(import.meta.url)(addonPath) as Binding;

/** librpm words its verdicts, and judges failing scriptlets, in another way since then. */
export const isRpm6 = Number.parseInt(addon.versions().librpm, 10) >= 6;
