/** What differs, as text. */
import type {
  AspectDifference,
  ConfigurationDifference,
  Difference,
  FileDifference,
  PackageDifference,
} from "../index.js";
import { bytesText } from "./bytes-text.js";
import { printable } from "./printable.js";

/**
 * A section for each kind of difference; one line when there is none. Files with nothing but other times, as every file of
 * a package that was built again has, are counted, or listed with `times`.
 */
export function differenceText(
  { same, packages, images }: Difference,
  { times }: { readonly times: boolean } = { times: false },
): string {
  if (same) return "no difference\n";
  const files = images?.files ?? [];
  const listed = times ? files : files.filter((file) => !differsInTimeOnly(file));
  const others = files.length - listed.length;
  const sections = [
    section("packages", packages.flatMap(packageLines)),
    section("files", [
      ...listed.map(fileLine),
      ...(others === 0 ? [] : [`times of ${others} ${listed.length === 0 ? "" : "more "}(--times lists them)`]),
    ]),
    section("configuration", (images?.configuration ?? []).map(configurationLine)),
  ];
  const nothing = packages.length + (images?.files.length ?? 0) + (images?.configuration.length ?? 0) === 0;
  const rest = images === null ? "checksums, keys, specifications or the plan of layers" : "how the layers are written";
  const lines = [
    ...sections.flat(),
    ...(nothing ? [`what differs is ${rest}`] : []),
    ...(images === null ? [] : sumLines(images)),
  ];
  return `${lines.join("\n")}\n`;
}

function section(heading: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => `  ${line}`)];
}

export function packageLines({ kind, name, arch, from, to, changelog }: PackageDifference): readonly string[] {
  const label = `${kind.padEnd(10)}  ${name}${arch === null ? "" : `.${arch}`}`;
  const versions = from === null || to === null || from === to ? (to ?? from) : `${from} -> ${to}`;
  const entries = (changelog ?? []).flatMap(({ time, author, text }) => [
    `  * ${new Date(time * 1000).toISOString().slice(0, 10)} ${printable(author)}`,
    ...text.split("\n").map((line) => `    ${printable(line)}`),
  ]);
  return [`${label}  ${versions}`, ...entries];
}

function differsInTimeOnly({ aspects }: FileDifference): boolean {
  return aspects.length > 0 && aspects.every(({ aspect }) => aspect === "mtime");
}

function fileLine({ kind, path, aspects, packages }: FileDifference): string {
  const owner = packages.length === 0 ? "" : `  (${packages.join(", ")})`;
  return `${kind.padEnd(8)}  ${printable(path)}${aspects.length === 0 ? "" : `: ${aspects.map(aspectText).join(", ")}`}${owner}`;
}

function aspectText({ aspect, from, to }: AspectDifference): string {
  if (aspect === "contents") return "contents";
  return `${aspect} ${printable(from) || "none"} -> ${printable(to) || "none"}`;
}

function configurationLine({ key, from, to }: ConfigurationDifference): string {
  return `${printable(key)}: ${from ?? "none"} -> ${to ?? "none"}`;
}

function sumLines({ from, to, reusedLayers }: NonNullable<Difference["images"]>): readonly string[] {
  const growth = (before: number, after: number): string => {
    const change = after - before;
    return `${bytesText(before)} -> ${bytesText(after)} (${change < 0 ? "-" : "+"}${bytesText(Math.abs(change))})`;
  };
  return [
    `size: ${growth(from.size, to.size)} of files, ${growth(from.blobSize, to.blobSize)} in layers`,
    `layers: ${reusedLayers} of ${to.count} are the same`,
  ];
}
