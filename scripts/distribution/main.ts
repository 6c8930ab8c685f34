/** The command line of the distribution: see `usage`. */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Architecture, architectures } from "./architecture.js";
import type { Kind } from "./conversion.js";
import { type DistributionOptions, makeDistribution } from "./distribution.js";
import { type SetName, setNames } from "./package-sets.js";

const usage = `Usage: node build/js/scripts/distribution/main.js --out DIR [options]

Makes a signed RPM repository with the contents of Debian packages.

  --kind plain|elf            where requirements come from (default: plain)
  --set ${setNames.join("|")}   what to take (default: default)
  --arch ${architectures.join("|")}       for another architecture, or several: each has a folder of that name in DIR
  --packages NAME,NAME,…      take these Debian packages and what they need instead
  --jobs N                    packages to convert at once (default: 2)
  --cache DIR                 for downloads and converted packages (default: .cache/distribution)

On Debian and Ubuntu the system's apt is asked; for another architecture one that has the same sources and lists of its
own. Elsewhere apt, dpkg, debootstrap and debian-keyring have to be installed;
RPMOCI_DEBIAN_MIRROR names a mirror, RPMOCI_DEBIAN_SUITE a release. Only Debian 12 is tested.
`;

class UsageError extends Error {}

/** What to make: a distribution for each architecture that is named. Null: the usage was asked for. */
function parseOptions(args: readonly string[]): readonly DistributionOptions[] | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: "string" },
      kind: { type: "string", default: "plain" },
      set: { type: "string", default: "default" },
      arch: { type: "string", multiple: true },
      packages: { type: "string" },
      jobs: { type: "string", default: "2" },
      cache: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return null;
  if (values.out === undefined) throw new UsageError("--out is missing");
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) throw new UsageError(`--jobs takes a number from 1, not ${values.jobs}`);
  const { out } = values;
  const shared = {
    kind: oneOf<Kind>("--kind", values.kind, ["plain", "elf"]),
    contents: values.packages?.split(",") ?? oneOf<SetName>("--set", values.set, setNames),
    jobs,
    ...(values.cache === undefined ? {} : { cache: values.cache }),
    report: (line: string) => process.stderr.write(`distribution: ${line}\n`),
  };
  if (values.arch === undefined) return [{ ...shared, out }];
  return values.arch
    .map((name) => oneOf<Architecture>("--arch", name, architectures))
    .map((architecture) => ({ ...shared, architecture, out: join(out, architecture) }));
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new UsageError(`${option} takes ${allowed.join(" or ")}, not ${value}`);
  return found;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === null) process.stdout.write(usage);
  for (const option of options ?? []) {
    const { packages } = await makeDistribution(option);
    process.stderr.write(`distribution: ${packages.length} packages in ${option.out}\n`);
  }
} catch (error) {
  const wrongUse = error instanceof UsageError || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.stderr.write(`distribution: ${(error as Error).message}\n${wrongUse === true ? `\n${usage}` : ""}`);
  process.exitCode = wrongUse === true ? 2 : 1;
}
