/**
 * Tiny RPMs out of plain objects, built by rpmbuild. The same object gives the same bytes; what was built before comes
 * from `build/fixtures-cache`.
 */
import { createHash } from "node:crypto";
import { constants, copyFileSync, mkdirSync, readdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import pMap from "p-map";
import { buildRpm } from "../../scripts/packaging/build-rpm.js";
import type { Entry, FileMark, PackageRecipe, RelationKind, Scriptlet } from "../../scripts/packaging/recipe.js";
import { rpmFileName } from "../../scripts/packaging/recipe.js";
import { cachedFolder } from "./cached-folder.js";
import { projectRoot } from "./project.js";

export interface FileFixture {
  readonly content?: string | Uint8Array;
  /** 0644 if absent. */
  readonly mode?: number;
  readonly user?: string;
  readonly group?: string;
  /** For example `cap_net_raw=ep`. */
  readonly caps?: string;
  readonly doc?: boolean;
  readonly license?: boolean;
  readonly config?: boolean | "noreplace";
  readonly ghost?: boolean;
  /** As rpm's `%lang` has it. */
  readonly lang?: string;
  /** The path of a file of the same package. */
  readonly hardlinkTo?: string;
  readonly symlinkTo?: string;
  /** What `rpm --verify` leaves out, for example `md5`. */
  readonly unverified?: readonly string[];
  /** Seconds; the package's build time if absent. */
  readonly mtime?: number;
}

export interface DirectoryFixture {
  /** 0755 if absent. */
  readonly mode?: number;
  readonly user?: string;
  readonly group?: string;
}

export interface RpmFixture {
  readonly name: string;
  /** `1` if absent, as is `release`. */
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  /** `noarch` if absent. */
  readonly arch?: string;
  readonly summary?: string;
  readonly license?: string;
  readonly vendor?: string;
  /** As a spec file has it. */
  readonly changelog?: string;
  /** The source package's name, when it differs. */
  readonly source?: { readonly name: string; readonly version: string; readonly release: string };
  /** rpm's notation: `name`, `name >= 1-2`, `(a or b)`. */
  readonly requires?: readonly string[];
  readonly requiresPre?: readonly string[];
  readonly requiresPost?: readonly string[];
  readonly provides?: readonly string[];
  readonly conflicts?: readonly string[];
  readonly obsoletes?: readonly string[];
  readonly recommends?: readonly string[];
  readonly suggests?: readonly string[];
  readonly supplements?: readonly string[];
  readonly enhances?: readonly string[];
  /** By path. Parents are not part of the package unless `dirs` has them. */
  readonly files?: Readonly<Record<string, FileFixture | string>>;
  readonly dirs?: Readonly<Record<string, DirectoryFixture>>;
  /** Bodies of shell scripts. */
  readonly pre?: string;
  readonly post?: string;
  readonly preun?: string;
  readonly postun?: string;
  readonly pretrans?: string;
  readonly posttrans?: string;
  /** Any others, or with other interpreters. */
  readonly scriptlets?: readonly Scriptlet[];
  /** Seconds; the start of 2024 if absent. */
  readonly buildTime?: number;
  /** rpm's payload mode, `w9.gzdio` if absent; for example `w3.zstdio`, `w6.xzdio`, `w.ufdio`. */
  readonly payload?: string;
}

/** Builds RPMs, two at a time, into a folder. Returns their paths in the order of the fixtures. They are unsigned. */
export async function buildRpms(folder: string, fixtures: readonly RpmFixture[]): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  return await pMap(fixtures, (fixture) => buildOne(folder, fixture), { concurrency: 2 });
}

async function buildOne(folder: string, fixture: RpmFixture): Promise<string> {
  const recipe = recipeOf(fixture);
  const cached = await cachedFolder(`rpms/${builderDigest()}/${recipeDigest(recipe)}`, async (work) => {
    await buildRpm(recipe, { work, output: work });
  });
  const name = rpmFileName(recipe);
  // A copy, so that the test may sign it or damage it.
  copyFileSync(join(cached, name), join(folder, name), constants.COPYFILE_FICLONE);
  // A repository's metadata holds the file's time.
  utimesSync(join(folder, name), recipe.sourceDateEpoch, recipe.sourceDateEpoch);
  return join(folder, name);
}

/** The fixture with everything that it leaves out. */
export function recipeOf(fixture: RpmFixture): PackageRecipe {
  const { name, version = "1", release = "1", arch = "noarch", buildTime = 1_704_067_200 } = fixture;
  const entries: Entry[] = [];
  for (const [path, directory] of Object.entries(fixture.dirs ?? {}))
    entries.push({ type: "directory", path, mode: 0o755, user: "root", group: "root", mtime: buildTime, ...directory });
  for (const [path, file] of Object.entries(fixture.files ?? {}))
    entries.push(fileEntry(path, typeof file === "string" ? { content: file } : file, buildTime));
  return {
    name,
    version,
    release,
    arch,
    ...(fixture.epoch === undefined ? {} : { epoch: fixture.epoch }),
    ...(fixture.vendor === undefined ? {} : { vendor: fixture.vendor }),
    ...(fixture.changelog === undefined ? {} : { changelog: fixture.changelog }),
    ...(fixture.source === undefined ? {} : { source: fixture.source }),
    summary: fixture.summary ?? `Package ${name}`,
    license: fixture.license ?? "MIT",
    relations: relationsOf(fixture),
    scriptlets: scriptletsOf(fixture),
    entries,
    sourceDateEpoch: buildTime,
    payload: fixture.payload ?? "w9.gzdio",
  };
}

function fileEntry(path: string, file: FileFixture, buildTime: number): Entry {
  const { user = "root", group = "root", mtime = buildTime } = file;
  const marks: FileMark[] = [];
  if (file.doc === true) marks.push("doc");
  if (file.license === true) marks.push("license");
  if (file.config !== undefined && file.config !== false)
    marks.push(file.config === "noreplace" ? "config(noreplace)" : "config");
  if (file.ghost === true) marks.push("ghost");
  if (file.lang !== undefined) marks.push(`lang(${file.lang})`);
  const base = { path, user, group, mtime, marks };
  if (file.symlinkTo !== undefined) return { ...base, type: "symlink", target: file.symlinkTo };
  if (file.hardlinkTo !== undefined) return { ...base, type: "hardlink", target: file.hardlinkTo };
  const capabilities = file.caps === undefined ? {} : { capabilities: file.caps };
  const unverified = file.unverified === undefined ? {} : { unverified: file.unverified };
  const content = Buffer.from(file.content ?? "");
  return { ...base, type: "file", mode: file.mode ?? 0o644, content, ...capabilities, ...unverified };
}

function relationsOf(fixture: RpmFixture): PackageRecipe["relations"] {
  const lists: readonly (readonly [RelationKind, readonly string[] | undefined])[] = [
    ["Requires", fixture.requires],
    ["Requires(pre)", fixture.requiresPre],
    ["Requires(post)", fixture.requiresPost],
    ["Provides", fixture.provides],
    ["Conflicts", fixture.conflicts],
    ["Obsoletes", fixture.obsoletes],
    ["Recommends", fixture.recommends],
    ["Suggests", fixture.suggests],
    ["Supplements", fixture.supplements],
    ["Enhances", fixture.enhances],
  ];
  return lists.flatMap(([kind, texts]) => (texts ?? []).map((text) => ({ kind, text })));
}

function scriptletsOf(fixture: RpmFixture): Scriptlet[] {
  const sections = ["pretrans", "pre", "post", "preun", "postun", "posttrans"] as const;
  const own = sections.flatMap((section) => {
    const body = fixture[section];
    return body === undefined ? [] : [{ section, body }];
  });
  return [...own, ...(fixture.scriptlets ?? [])];
}

function recipeDigest(recipe: PackageRecipe): string {
  const text = JSON.stringify(recipe, (_key, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("base64") : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/** Changes with the code that builds, so that a change there is not hidden by the cache. */
function builderDigest(): string {
  const folder = join(projectRoot, "build/js/scripts/packaging");
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort())
    if (name.endsWith(".js")) hash.update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 16);
}
