/** `node install-stage.js ENGINE FOLDER ROOT SCRATCH`: verifies the RPM files of a folder and installs them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { chooseEngine } from "../src/install/engine.js";
import { installPackages } from "../src/install/install.js";
import { Sandbox } from "../src/install/sandbox.js";
import { planScriptlets } from "../src/install/scriptlet-plan.js";
import type { EngineName } from "../src/install/setting.js";
import { hostArchitecture } from "../src/model/architecture.js";
import { verifyPackages } from "../src/verify/verify.js";

const [engineName = "", folder = "", root = "", scratch = ""] = process.argv.slice(2);
const ignore = (): void => {};
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".rpm"));
const unchecked = { gpgcheck: false, keys: [] };
const packages = await verifyPackages(
  {
    packages: files.map((name) => ({ path: join(folder, name), locked: null })),
    localNames: undefined,
    keys: { ofRepository: () => unchecked, ofLocalPackages: unchecked },
    sha256Of: async () => "",
  },
  ignore,
);
const arch = hostArchitecture();
await installPackages(
  {
    packages,
    root,
    scratch,
    engine: await chooseEngine(engineName as EngineName, process.env, ignore),
    arch,
    scriptlets: await planScriptlets({ packages, arch, hasBase: false, scratch }),
    docs: false,
    langs: undefined,
    // As the peers do it.
    sandbox: new Sandbox(false, scratch, ignore),
    scriptletTimeout: 0,
    base: null,
    sourceDateEpoch: 1_700_000_000,
    abort: undefined,
  },
  ignore,
);
