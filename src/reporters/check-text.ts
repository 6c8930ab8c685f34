/** Whether a lockfile is still good, as text. */
import { basename } from "node:path";
import type { ApplicableAdvisory, CheckResult, PackageChange } from "../index.js";
import { printable } from "./printable.js";

export function checkText({ lockfilePath, fits, changes, advisories }: CheckResult): string {
  const name = basename(lockfilePath);
  const lines = [
    fits ? `${name} fits the manifest` : `${name} does not fit the manifest: run rpmoci update`,
    changes.length === 0 ? "there is nothing to update" : "an update would bring",
    ...changes.map((change) => `  ${changeText(change)}`),
    ...(advisories.length === 0 ? [] : ["advisories on locked packages", ...advisories.flatMap(advisoryLines)]),
  ];
  return `${lines.join("\n")}\n`;
}

function changeText(change: PackageChange): string {
  const where = change.arch === undefined ? "" : ` (${change.arch})`;
  if (change.kind === "updated") return `${change.name} ${change.from} -> ${change.to}${where}`;
  return `${change.name} ${change.evr} (${change.kind})${where}`;
}

function advisoryLines({ id, type, severity, title, cves, packages }: ApplicableAdvisory): readonly string[] {
  const kind = [severity, type].filter((word) => word !== null && word !== "").join(" ");
  return [
    `  ${printable([id, kind, title].filter((part) => part !== "").join("  "))}`,
    ...packages.map(
      ({ name, arch, locked, repaired }) => `    ${printable(`${name}.${arch} ${locked} -> ${repaired}`)}`,
    ),
    ...(cves.length === 0 ? [] : [`    ${printable(cves.join(", "))}`]),
  ];
}
