/**
 * Documents of modules.yaml: `modulemd` version 1 and 2, and `modulemd-defaults`. The others do not change what is
 * installed: `modulemd-packager` is for build systems, `modulemd-translations` are texts, and dnf follows
 * `modulemd-obsoletes` only where it is told to.
 */
import * as v from "valibot";
import type { ModuleDefault } from "../model/modules.js";
import { compareText } from "../model/nevra.js";
import type { ModuleBuild, ModuleRequirement } from "../native/binding.js";

/** Thrown with the reason, for a document that libmodulemd would leave out, too. */
export class InvalidDocument extends Error {}

export type ModuleDocument =
  | { readonly kind: "build"; readonly build: ModuleBuild }
  | { readonly kind: "default"; readonly default: ModuleDefault }
  | { readonly kind: "ignored" };

const IGNORED: readonly string[] = ["modulemd-packager", "modulemd-translations", "modulemd-obsoletes"];

/** All scalars are texts here: a stream `5.30` is not the number 5.3. */
const text = v.string();
const name = v.pipe(text, v.nonEmpty());
const digits = v.pipe(
  text,
  v.regex(/^\d{1,20}$/, "is not a whole number"),
  v.transform((value) => value.replace(/^0+(?=\d)/, "")),
);

/** One text, or several of which none counts twice; an absent value is an empty text. */
const set = v.pipe(
  v.union([
    v.array(text),
    v.pipe(
      text,
      v.transform((value) => (value === "" ? [] : [value])),
    ),
  ]),
  v.transform((values) => [...new Set(values)]),
);

const NEVRA = /-\d[^-]*:[^-:]*-[^-]*\.[^.]*$/;
const artifacts = v.pipe(
  set,
  v.check(
    (values) => values.every((value) => NEVRA.test(value)),
    "has a text that is not name-epoch:version-release.arch",
  ),
);

/** An absent value, like an empty text, is an empty mapping or list. */
function mapping<const Schema extends v.GenericSchema>(schema: Schema) {
  const filled = v.transform((value: unknown) => (value === "" ? {} : value));
  return v.optional(v.pipe(v.unknown(), filled, schema), "");
}

function list<const Schema extends v.GenericSchema>(schema: Schema) {
  const filled = v.transform((value: unknown) => (value === "" ? [] : value));
  return v.optional(v.pipe(v.unknown(), filled, v.array(schema)), "");
}

const rpms = mapping(v.object({ rpms: v.optional(set, []) }));
const artifactRpms = mapping(v.object({ rpms: v.optional(artifacts, []) }));
const profiles = mapping(v.record(text, rpms));

const common = {
  name,
  stream: name,
  version: v.optional(digits, "0"),
  context: v.optional(text, ""),
  arch: v.optional(text, ""),
  summary: text,
  description: text,
  license: v.object({ module: v.pipe(set, v.nonEmpty("names no license")) }),
  profiles,
  artifacts: artifactRpms,
};

const version1 = v.object({
  ...common,
  dependencies: mapping(v.object({ requires: mapping(v.record(text, text)) })),
});

const streams = v.pipe(
  set,
  v.check(
    (values) => new Set(values.map((value) => value.startsWith("-"))).size < 2,
    "mixes streams with excluded ones",
  ),
  // libmodulemd's order, which decides between alternatives.
  v.transform((values) => values.toSorted(compareText)),
);

const version2 = v.object({
  ...common,
  static_context: v.optional(v.picklist(["true", "false"]), "false"),
  dependencies: list(v.object({ requires: mapping(v.record(text, streams)) })),
  demodularized: rpms,
});

const defaults = v.object({ module: name, stream: v.optional(name), modified: v.optional(digits, "0") });

const header = v.object({ document: text, version: text, data: v.unknown() });

/** Reads one document, parsed from YAML without interpreting scalars. Throws `InvalidDocument`. */
export function readDocument(document: unknown): ModuleDocument {
  const { document: kind, version, data } = parse(header, document, "");
  if (IGNORED.includes(kind)) return { kind: "ignored" };
  const what = `${kind} version ${version}`;
  if (what === "modulemd-defaults version 1") {
    const { module, stream = null, modified } = parse(defaults, data, "data.");
    return { kind: "default", default: { module, stream, modified: Number(modified) } };
  }
  if (what === "modulemd version 1") {
    const parsed = parse(version1, data, "data.");
    const requires = Object.entries(parsed.dependencies.requires).map(
      ([module, stream]) => [module, [stream]] as const,
    );
    return { kind: "build", build: buildOf(parsed, false, requirementsOf(requires), []) };
  }
  if (what === "modulemd version 2") {
    const parsed = parse(version2, data, "data.");
    const requires = parsed.dependencies.flatMap((entry) => requirementsOf(Object.entries(entry.requires)));
    const demodularized = parsed.demodularized.rpms;
    return { kind: "build", build: buildOf(parsed, parsed.static_context === "true", requires, demodularized) };
  }
  throw new InvalidDocument(`${what} is not known`);
}

function requirementsOf(entries: readonly (readonly [string, readonly string[]])[]): readonly ModuleRequirement[] {
  return entries.map(([module, streams]) => ({ module, streams })).sort((a, b) => compareText(a.module, b.module));
}

function buildOf(
  parsed: v.InferOutput<typeof version1> | v.InferOutput<typeof version2>,
  staticContext: boolean,
  requires: readonly ModuleRequirement[],
  demodularized: readonly string[],
): ModuleBuild {
  return {
    name: parsed.name,
    stream: parsed.stream,
    version: parsed.version,
    context: parsed.context,
    arch: parsed.arch,
    staticContext,
    requires,
    artifacts: parsed.artifacts.rpms,
    demodularized,
    profiles: Object.entries(parsed.profiles).map(([profile, { rpms }]) => ({ name: profile, packages: rpms })),
  };
}

function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  prefix: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new InvalidDocument(`${prefix}${v.getDotPath(issue) ?? "the document"}: ${issue.message}`);
}
