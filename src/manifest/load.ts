/** Reads and validates the package manifest. */
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, parse as parsePath, relative, resolve } from "node:path";
import * as v from "valibot";
import { messageOf, RpmociError } from "../errors.js";
import { isLocalSpec, isRegistryImage, type Manifest, type RepositoryReference } from "../model/manifest.js";
import type { Ownership, PathEntry, SourceFile } from "../model/root-shape.js";
import { binding } from "../native/load.js";
import { type MergedDocument, mergeIncludes } from "./include.js";
import { knownKeys } from "./known-keys.js";
import { findLine } from "./locate.js";
import { repositoryIdOf } from "./repository-id.js";
import { DEFAULT_MAX_LAYERS, type ManifestDocument, manifestSchema, type PathDocument } from "./schema.js";
import { decodeText, parseDocument } from "./text.js";

/** The lockfile of a manifest: the same path with the extension `.lock`. */
export function lockfilePathOf(manifestPath: string): string {
  const { dir, name } = parsePath(resolve(manifestPath));
  return resolve(dir, `${name}.lock`);
}

/**
 * Reads the manifest at `path`, and those that it includes. Throws an `RpmociError` of kind `manifest` that names the file,
 * line and key.
 */
export async function loadManifest(path: string): Promise<Manifest> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new RpmociError(`Failed to read ${path}: ${messageOf(error)}`, {
      kind: "manifest",
      code: "MANIFEST_UNREADABLE",
      hint: "run rpmoci where rpmoci.toml is, or name the manifest with --file",
      cause: error,
    });
  }
  return parseManifest(decodeText(bytes, path), path);
}

/** As `loadManifest`, of a text; `path` is used in messages, for the lockfile's path, and for what the text includes. */
export function parseManifest(text: string, path: string): Manifest {
  return manifestOf(parseDocument(text, path), path, text);
}

/** As `parseManifest`, of a document; `text` is where its keys are looked up for messages. */
export function manifestOf(document: unknown, path: string, text = ""): Manifest {
  const merged = mergeIncludes(document, { path, text });
  const result = v.safeParse(manifestSchema, merged.document);
  if (!result.success) {
    const problems = result.issues.flatMap((issue) => faultsOf(issue)).map((fault) => describe(fault, merged));
    const [first = `${path}: not a manifest`, ...rest] = problems;
    throw new RpmociError(first, { kind: "manifest", code: "MANIFEST_INVALID", details: rest });
  }
  return fromDocument(result.output, path, merged);
}

function fromDocument(document: ManifestDocument, path: string, { originOf }: MergedDocument): Manifest {
  const { contents, image, layers, accounts, policy } = document;
  const fileOf = (...keys: readonly string[]): string => resolve(originOf(keys).file.path);
  const directoryOf = (...keys: readonly string[]): string => dirname(fileOf(...keys));
  const repositories = contents.repositories.map((entry): RepositoryReference => {
    if (typeof entry !== "string") {
      return { kind: "url", id: entry.id ?? repositoryIdOf(entry.url), url: entry.url, options: entry.options };
    }
    // An id may hold a colon, as those of Copr do, and would then pass for a URL of an unknown scheme.
    if (entry.includes("://") && URL.canParse(entry))
      return { kind: "url", id: repositoryIdOf(entry), url: entry, options: {} };
    return { kind: "system", id: entry };
  });
  const ids = new Set<string>();
  for (const { id } of repositories) {
    if (ids.has(id)) {
      throw new RpmociError(`${path}: contents.repositories: the repository id "${id}" occurs twice`, {
        kind: "manifest",
        code: "MANIFEST_DUPLICATE_REPOSITORY",
        hint: "give one of them another id: { url = …, id = … }",
      });
    }
    ids.add(id);
  }
  return {
    path: resolve(path),
    lockfilePath: lockfilePathOf(path),
    archs: contents.archs,
    arch: undefined,
    repositories,
    packages: contents.packages.map((spec, index) =>
      rebasedSpec(spec, directoryOf("contents", "packages", String(index)), dirname(resolve(path))),
    ),
    modules: contents.modules,
    modulePlatformId: contents.module_platform_id,
    gpgkeys: contents.gpgkeys,
    releasever: contents.releasever,
    docs: contents.docs,
    langs: contents.langs,
    osRelease: contents.os_release,
    baseImage:
      contents.base &&
      rebasedImage(contents.base.image, directoryOf("contents", "base", "image"), dirname(resolve(path))),
    exclude: contents.exclude,
    removeFiles: contents.remove_files,
    requireSigned: contents.require_signed || policy.require_signatures,
    image: {
      user: image.user ?? accounts.run_as,
      workingdir: image.workingdir,
      stopsignal: image.stopsignal,
      author: image.author,
      entrypoint: image.entrypoint,
      cmd: image.cmd,
      exposedPorts: image.exposed_ports,
      volumes: image.volumes,
      envs: image.envs,
      labels: image.labels,
      annotations: image.annotations,
    },
    layers: { ...layers, level: layers.level, max: layers.max ?? DEFAULT_MAX_LAYERS },
    policy: {
      forbidden: policy.forbidden,
      allowedLicenses: policy.allowed_licenses,
      maxPackageSize: policy.max_package_size,
      maxInstalledSize: policy.max_installed_size,
      maxImageSize: policy.max_image_size,
      requireSignatures: policy.require_signatures,
    },
    accounts: {
      users: accounts.users.map((user) => ({ ...user, gid: user.gid, home: user.home ?? `/home/${user.name}` })),
      groups: accounts.groups,
      runAs: accounts.run_as,
    },
    paths: document.paths.map((entry, index) => pathEntry(entry, directoryOf("paths", String(index), "source"))),
    certificates: document.certificates.additional.map((file, index) =>
      sourceFile(file, directoryOf("certificates", "additional", String(index))),
    ),
    origins: {
      packages: contents.packages.map((_spec, index) => {
        const { file, keys } = originOf(["contents", "packages", String(index)]);
        return { file: resolve(file.path), index: Number(keys.at(-1)) };
      }),
      osRelease: fileOf("contents", "os_release"),
    },
  };
}

/** A specification of local RPMs in a manifest in `directory`, as one in `base` would have it. */
function rebasedSpec(spec: string, directory: string, base: string): string {
  if (!isLocalSpec(spec) || isAbsolute(spec) || directory === base) return spec;
  return join(relative(base, directory), spec);
}

/** As `rebasedSpec`, of the name of a base image. */
function rebasedImage(image: string, directory: string, base: string): string {
  const [, transport = "", rest = ""] = /^(oci:|oci-archive:)?(.*)$/s.exec(image) ?? [];
  if (isRegistryImage(image) || isAbsolute(rest) || directory === base) return image;
  return `${transport}${join(relative(base, directory), rest)}`;
}

function pathEntry(entry: PathDocument, context: string): PathEntry {
  switch (entry.type) {
    case "directory":
    case "permissions":
      return { ...entry, ...ownershipOf(entry) };
    case "file": {
      const { content, source, ...rest } = entry;
      const contents = source === undefined ? { content: content ?? "" } : { source: sourceFile(source, context) };
      return { ...rest, ...ownershipOf(entry), ...contents };
    }
    default:
      return entry;
  }
}

function sourceFile(path: string, context: string): SourceFile {
  return { path: resolve(context, path), context };
}

function ownershipOf({ uid, gid, mode }: Partial<Ownership>): Ownership {
  return { uid, gid, mode };
}

type Issue = v.BaseIssue<unknown>;

interface Fault {
  readonly issue: Issue;
  readonly keys: readonly string[];
}

/** What is wrong inside an alternative of a union tells more than "no alternative fits"; nested paths are relative. */
function faultsOf(issue: Issue, prefix: readonly string[] = []): readonly Fault[] {
  const keys = [...prefix, ...(issue.path?.map((item) => String(item.key)) ?? [])];
  const nested = issue.issues?.filter((inner) => (inner.path?.length ?? 0) > 0) ?? [];
  return nested.length === 0 ? [{ issue, keys }] : nested.flatMap((inner) => faultsOf(inner, keys));
}

function describe({ issue, keys: mergedKeys }: Fault, { originOf }: MergedDocument): string {
  const { file, keys } = originOf(mergedKeys);
  const named = keys.filter((key) => !isIndex(key));
  const element = Number(keys.find(isIndex) ?? 0);
  const line = findLine(file.text, named, element) ?? findLine(file.text, named.slice(0, -1), element);
  const where = `${file.path}${line === null ? "" : `:${line}`}`;
  const key = keys.join(".");
  if (issue.type === "strict_object" && issue.expected === "never") {
    const [name = ""] = keys.slice(-1);
    const [similar] = binding().similarNames(name, knownKeys(manifestSchema, mergedKeys.slice(0, -1)));
    return `${where}: unknown key "${key}"${similar === undefined ? "" : `; did you mean "${similar}"?`}`;
  }
  if (issue.received === "undefined") return `${where}: the key "${key}" is missing`;
  if (issue.kind === "validation") {
    // What holds between several values is checked on the table or the array that has them.
    const isValue = !/^(Object|Array)$/.test(issue.received) && issue.type !== "min_length";
    const value = isValue ? ` = ${issue.received}` : "";
    return `${where}: ${key}${value} ${issue.message}`;
  }
  return `${where}: ${key} must be ${plain(issue.expected)}, not ${issue.received}`;
}

function isIndex(key: string): boolean {
  return /^\d+$/.test(key);
}

function plain(expected: string | null): string {
  return expected === null
    ? "something else"
    : expected.replaceAll("Array", "an array").replaceAll("Object", "a table");
}
