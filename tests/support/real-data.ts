/** Repositories, RPMs, manifests and lockfiles that nobody here made: in `RPMOCI_TEST_DATA`, or beside the project. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project.js";

export interface RealData {
  readonly folder: string;
  /** For `test`'s option of that name: the reason when the folder is absent. */
  readonly skip: string | false;
}

/** A folder of that data, by its names below it. */
export function realData(...names: readonly string[]): RealData {
  const { RPMOCI_TEST_DATA: data = join(projectRoot, "..", "shared", "data") } = process.env;
  const folder = join(data, ...names);
  return { folder, skip: !existsSync(folder) && `${folder} is absent` };
}
