/** What a verification found, as text. */
import type { FileDeviation, ImageVerification } from "../index.js";
import { differenceText, packageLines } from "./diff-text.js";
import { problemsText } from "./layout-text.js";
import { printable } from "./printable.js";

const REBUILDING = "what the manifest itself changes is told from the rest by --rebuild";

/** What is wrong, what is explained, and a line for each thing that is right. */
export function verificationText(verification: ImageVerification): string {
  const { layout, packages, files, unowned, deviations, lockfile, rebuilt } = verification;
  if (layout.length > 0) return problemsText(layout);
  const wrong = deviations.filter(({ explanation }) => explanation === null);
  const explained = deviations.filter(({ explanation }) => explanation !== null);
  const lines = [
    ...wrong.map((deviation) => `wrong      ${deviationText(deviation)}`),
    ...explained.map((deviation) => `explained  ${deviationText(deviation)}: ${deviation.explanation}`),
    ...(wrong.length > 0 && lockfile !== null && rebuilt === null ? [REBUILDING] : []),
    ...(packages === 0 ? ["the image has no rpm database, which would say what its files should be"] : []),
    ...(wrong.length === 0 && packages > 0 ? [`${files} files are as their ${packages} packages say`] : []),
    ...(packages > 0 && unowned > 0 ? [`files of no package: ${unowned}`] : []),
    ...(lockfile ?? []).flatMap(packageLines).map((line) => `lockfile   ${line}`),
    ...(lockfile?.length === 0 ? ["the packages are those of the lockfile"] : []),
  ];
  const text = `${lines.join("\n")}\n`;
  if (rebuilt === null) return text;
  if (rebuilt.difference.same) return `${text}built again, it is identical: ${rebuilt.digest}\n`;
  return `${text}built again, it differs: ${rebuilt.digest}\n${differenceText(rebuilt.difference)}`;
}

function deviationText({ path, package: owner, aspect, expected, actual }: FileDeviation): string {
  const what = aspect === "missing" ? "missing" : `${aspect} ${actual || "none"}, should be ${expected || "none"}`;
  return `${printable(path)}: ${printable(what)}  (${owner})`;
}
