/** Which program makes the transaction. */
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { findDnf } from "./dnf.js";
import type { Engine, EngineName } from "./setting.js";

/**
 * The engine that is asked for; without a wish dnf, and librpm where there is no dnf. Throws an `RpmociError` of kind
 * `environment` when dnf is asked for and is not there.
 */
export async function chooseEngine(
  wanted: EngineName | undefined,
  environment: NodeJS.ProcessEnv,
  emit: Emit,
): Promise<Engine> {
  if (wanted === "rpm") return { kind: "rpm" };
  try {
    return { kind: "dnf", program: await findDnf(environment) };
  } catch (error) {
    if (wanted === "dnf" || !(error instanceof RpmociError && error.code === "DNF_MISSING")) throw error;
    emit({ type: "engine-chosen", engine: "rpm" });
    return { kind: "rpm" };
  }
}
