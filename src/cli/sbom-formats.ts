/** Names of formats of bills of materials on the command line. */
import { RpmociError, SBOM_FORMATS, type SbomFormat } from "../index.js";

/** `text` has names, separated by commas: at least one, and `most` at most. */
export function parseSbomFormats(option: string, text: string, most: number): readonly SbomFormat[] {
  const formats = text.split(",").map((name) => SBOM_FORMATS.find((format) => format === name.trim()));
  const known = formats.filter((format) => format !== undefined);
  if (known.length === formats.length && known.length <= most) return known;
  throw new RpmociError(
    `${option}: \`${text}\` is not ${most === 1 ? "one" : "a list"} of ${SBOM_FORMATS.join(", ")}`,
    {
      kind: "usage",
      code: "SBOM_FORMAT_INVALID",
    },
  );
}
