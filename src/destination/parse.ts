/** Reads destinations as users write them: `TRANSPORT:WHERE`, or the directory of an OCI image layout. */
import { RpmociError } from "../errors.js";
import type { Digest } from "../model/descriptor.js";
import type { Destination, Repository } from "../model/destination.js";

const TRANSPORT = /^(oci|oci-archive|docker-archive|docker-daemon|podman|registry|docker(?=:\/\/)):(.*)$/s;

/** OCI distribution specification, "Pulling manifests": names are shorter than 256 characters with the registry's. */
const NAME = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const HOST =
  /^(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;
const LONGEST_NAME = 255;

/** Throws an `RpmociError` of kind `usage`, which names the destination. */
export function parseDestination(text: string): Destination {
  const [, transport, rest = ""] = TRANSPORT.exec(text) ?? [];
  switch (transport) {
    case undefined:
      if (text === "") throw destinationFault(text, "it names nothing");
      return { kind: "layout", directory: text, tag: undefined };
    case "oci":
      if (rest === "") throw destinationFault(text, "it names no directory");
      return { kind: "layout", directory: rest, tag: undefined };
    case "oci-archive": {
      const [file, tag] = splitOnce(rest);
      return { kind: "oci-archive", file: fileOf(text, file), tag };
    }
    case "docker-archive": {
      const [file, reference] = splitOnce(rest);
      const named = reference === undefined ? { name: undefined, tag: undefined } : namedTag(text, reference);
      return { kind: "docker-archive", file: fileOf(text, file), ...named };
    }
    case "docker-daemon":
    case "podman":
      return { kind: "engine", engine: transport === "podman" ? "podman" : "docker", ...namedTag(text, rest) };
    default:
      return registryDestination(text, transport === "docker" ? rest.replace(/^\/\//, "") : rest, destinationFault);
  }
}

/** Throws an `RpmociError` of kind `usage` for a tag that a destination which is no layout cannot have. */
export function checkTagOf(tag: string, destination: Destination): void {
  // An archive without a name takes tags that bring theirs.
  if (destination.kind === "docker-archive" && destination.name === undefined) return;
  if (!TAG.test(tag)) throw tagFault(tag, `"${tag}" is not a tag that a registry or engine takes`);
}

function tagFault(tag: string, message: string): RpmociError {
  return new RpmociError(message, {
    kind: "usage",
    code: "TAG_INVALID",
    hint: tag.includes("/") ? "a tag has no name before it" : "letters, digits, _ . and -, 128 at most",
  });
}

/** `NAME:TAG`, as an archive of Docker's names its images, when a tag is all of that. */
export function isNamedTag(text: string): boolean {
  const { name, tag } = splitTag(text);
  return tag !== undefined && TAG.test(tag) && isName(name);
}

function fileOf(text: string, file: string): string {
  if (file !== "") return file;
  throw destinationFault(text, "it names no file");
}

function splitOnce(text: string): readonly [string, string | undefined] {
  const index = text.indexOf(":");
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + 1)];
}

/** The colon of a port stands before a slash. */
function splitTag(text: string): { readonly name: string; readonly tag: string | undefined } {
  const [, name, tag] = /^(.+):([^/:]*)$/s.exec(text) ?? [];
  return name === undefined ? { name: text, tag: undefined } : { name, tag };
}

function namedTag(
  text: string,
  reference: string,
  fault: Fault = destinationFault,
): { readonly name: string; readonly tag: string | undefined } {
  const { name, tag } = splitTag(reference);
  if (reference.includes("@")) throw fault(text, "a digest follows from the image, and cannot be chosen");
  if (!isName(name)) throw fault(text, `"${name}" is not the name of an image`);
  if (tag !== undefined && !TAG.test(tag)) throw fault(text, `"${tag}" is not a tag`);
  return { name, tag };
}

function isName(name: string): boolean {
  const [first = "", ...others] = name.split("/");
  return (
    name.length <= LONGEST_NAME &&
    (NAME.test(name) || (others.length > 0 && HOST.test(first) && NAME.test(others.join("/"))))
  );
}

export interface PullReference {
  readonly repository: Repository;
  readonly tag: string | undefined;
  /** Wins over the tag. */
  readonly digest: Digest | undefined;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/**
 * An image of a registry: `HOST/NAME:TAG` or `HOST/NAME@DIGEST`, behind `registry:` or `docker://`. Throws an `RpmociError` of
 * kind `manifest`.
 */
export function parsePullReference(text: string): PullReference {
  const reference = text.replace(/^(?:registry:|docker:\/\/)/, "");
  const at = reference.indexOf("@");
  const digest = at < 0 ? undefined : reference.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) throw baseFault(text, `"${digest}" is not a digest`);
  const { repository, tag } = registryDestination(text, at < 0 ? reference : reference.slice(0, at), baseFault);
  if (tag === undefined && digest === undefined) throw baseFault(text, "it has neither a tag nor a digest");
  return { repository, tag, digest: digest as Digest | undefined };
}

function baseFault(text: string, reason: string, hint?: string): RpmociError {
  return new RpmociError(`contents.base.image: cannot read "${withoutUser(text)}": ${reason}`, {
    kind: "manifest",
    code: "BASE_INVALID",
    hint: hint ?? "name an image as in registry:registry.example.com/team/base@sha256:\u2026",
  });
}

type Fault = (text: string, reason: string, hint?: string) => RpmociError;

function registryDestination(
  text: string,
  reference: string,
  fault: Fault,
): Destination & { readonly kind: "registry" } {
  const { name: full, tag } = splitTag(reference);
  const [registry = "", ...others] = full.split("/");
  const name = others.join("/");
  // As everywhere, what looks like no host is the first part of a name, and nobody wants to push to somewhere unknown.
  const isHost =
    HOST.test(registry) && URL.canParse(`https://${registry}/`) && (/[.:]/.test(registry) || registry === "localhost");
  if (name === "" || !isHost) {
    throw fault(text, "it names no registry", `write the registry's host, as in registry:docker.io/library/app`);
  }
  const named = namedTag(text, `${name}${tag === undefined ? "" : `:${tag}`}`, fault);
  if (!NAME.test(named.name))
    throw fault(text, `"${named.name}" is not the name of a repository`, "names are in lower case");
  return { kind: "registry", repository: { registry, name: named.name }, tag: named.tag };
}

/** `HOST/NAME`, as references have it. */
export function formatRepository({ registry, name }: Repository): string {
  return `${registry}/${name}`;
}

/** Who writes a password there should not see it again in a log. */
function withoutUser(text: string): string {
  return text.replace(/^([a-z-]+:(?:\/\/)?)[^/]*@/, "$1");
}

function destinationFault(text: string, reason: string, hint?: string): RpmociError {
  return new RpmociError(`Cannot write to "${withoutUser(text)}": ${reason}`, {
    kind: "usage",
    code: "DESTINATION_INVALID",
    hint,
  });
}
