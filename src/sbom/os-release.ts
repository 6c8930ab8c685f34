/** The distribution that os-release(5) names. */
import { osReleaseFields } from "../model/os-release.js";

export interface Distribution {
  readonly id: string;
  /** Empty for a rolling release. */
  readonly versionId: string;
  readonly prettyName: string;
}

/** Null without an `ID`. */
export function parseOsRelease(text: string | null): Distribution | null {
  const fields = osReleaseFields(text ?? "");
  const id = fields.get("ID") ?? "";
  const versionId = fields.get("VERSION_ID") ?? "";
  if (!/^[a-z0-9._-]+$/.test(id)) return null;
  return { id, versionId, prettyName: fields.get("PRETTY_NAME") ?? `${id} ${versionId}`.trim() };
}
