/** The checks of `rpmoci doctor`, which no other command needs. */
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { messageOf, RpmociError } from "../errors.js";
import { defaultCacheDirectory } from "../fetch/store.js";
import { checkDirectory } from "../host/directories.js";
import { checkCertificates, checkProxies } from "../host/network.js";
import { checkSubordinateIds, missingSubordinateIds } from "../host/subordinate-ids.js";
import { checkUserNamespace, namespaceArguments } from "../host/user-namespace.js";
import { checkEmulation, checkEngine, checkSandbox } from "../install/probe.js";
import { Check, type Finding } from "../model/finding.js";
import { binding, transferBinding } from "../native/load.js";
import { withWorkDirectory } from "./work-directory.js";

export interface DiagnoseOptions {
  /** Where downloads are kept; `$XDG_CACHE_HOME/rpmoci` by default. */
  readonly cacheDirectory?: string | undefined;
  /** `process.env` by default. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Where ids and settings of the kernel are read; `/` by default. */
  readonly systemRoot?: string;
}

/** Findings, in the order in which a build meets what they are about. */
export async function examine({
  cacheDirectory,
  environment = process.env,
  systemRoot: root = "/",
}: DiagnoseOptions): Promise<readonly Finding[]> {
  const addons = checkAddons();
  const subordinateIds = (await missingSubordinateIds(root)) === null;
  const namespace = await namespaceFindings(root, environment, subordinateIds);
  const enters = namespace.every(({ status }) => status !== "failure");
  const cache = resolve(cacheDirectory ?? defaultCacheDirectory(environment));
  return [
    addons,
    await checkEngine(environment),
    ...namespace,
    ...(addons.status === "ok" && enters ? await transactionFindings(environment, subordinateIds) : []),
    await checkDirectory({
      check: "cache",
      what: "the cache",
      path: cache,
      setting: "--cache-dir",
      executes: false,
    }),
    await checkDirectory({
      check: "work-directory",
      what: "the working directory",
      path: tmpdir(),
      setting: "TMPDIR",
      executes: true,
    }),
    checkProxies(environment),
    await checkCertificates(environment),
  ];
}

function checkAddons(): Finding {
  const check = new Check("libraries");
  try {
    const { librpm, libsolv, sqlite } = binding().versions();
    transferBinding();
    return check.ok(`librpm ${librpm}, libsolv ${libsolv}, sqlite ${sqlite}, Node.js ${process.versions.node}`);
  } catch (error) {
    const hint = error instanceof RpmociError ? (error.hint ?? null) : null;
    return check.failure(messageOf(error), hint);
  }
}

/** Root, be it of a user namespace, needs none. */
async function namespaceFindings(
  root: string,
  environment: NodeJS.ProcessEnv,
  subordinateIds: boolean,
): Promise<readonly Finding[]> {
  if (process.geteuid?.() === 0) return [];
  return [await checkSubordinateIds(root), await checkUserNamespace({ root, environment, subordinateIds })];
}

async function transactionFindings(
  environment: NodeJS.ProcessEnv,
  subordinateIds: boolean,
): Promise<readonly Finding[]> {
  const launcher = process.geteuid?.() === 0 ? [] : ["unshare", ...namespaceArguments(subordinateIds), "--"];
  try {
    return await withWorkDirectory(async (scratch) => [
      await checkSandbox(scratch, environment, launcher),
      await checkEmulation(scratch, environment, launcher),
    ]);
  } catch (error) {
    return [new Check("sandbox").warning(messageOf(error), null)];
  }
}
