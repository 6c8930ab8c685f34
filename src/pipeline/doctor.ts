/** `rpmoci doctor`: whether images can be built on this system. */
import type { Finding } from "../model/finding.js";
import type { DiagnoseOptions } from "./examination.js";

export type { DiagnoseOptions };

/** What a build needs of this system, and whether it is there, by small experiments; nothing is changed. */
export async function diagnose(options: DiagnoseOptions = {}): Promise<readonly Finding[]> {
  const { examine } = await import("./examination.js");
  return examine(options);
}
