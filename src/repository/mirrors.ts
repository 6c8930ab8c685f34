/** Where a repository's files can be had: its base URLs, or what its mirrorlist or metalink names. */
import { messageOf, RpmociError } from "../errors.js";
import type { Checksum } from "../model/checksum.js";
import { checksumAlgorithm } from "../model/checksum.js";
import type { RepositoryConfig } from "../model/repository.js";
import type { Transport } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import { parseXml } from "./xml.js";

export interface Mirrors {
  /** Base URLs without a trailing slash, the preferred first. */
  readonly baseUrls: readonly string[];
  /** The repomd.xml files that a metalink vouches for; empty when nothing does. */
  readonly repomd: readonly VouchedFile[];
}

export interface VouchedFile {
  readonly checksum: Checksum;
  /** Bytes; undefined when the metalink does not say. */
  readonly size: number | undefined;
}

/** More would only delay the error when none of them answers. */
const MOST_MIRRORS = 10;

/**
 * The repository's base URLs, and after them what its list names; a metalink vouches for the repomd.xml of both. Throws
 * an `RpmociError` of kind `fetch` when the list cannot be had or names no mirror.
 */
export async function findMirrors(config: RepositoryConfig, transport: Transport): Promise<Mirrors> {
  if (config.mirrorSource === null) return { baseUrls: config.baseUrls, repomd: [] };
  const { kind, url } = config.mirrorSource;
  const text = (await transport.readBytes([url], `${kind} of repository "${config.id}"`, config.transfer)).toString();
  const mirrors = parseMirrors(config, text);
  if (mirrors.baseUrls.length > 0) {
    const listed = mirrors.baseUrls.slice(0, MOST_MIRRORS);
    return { ...mirrors, baseUrls: [...new Set([...config.baseUrls, ...listed])] };
  }
  throw new RpmociError(`the ${kind} of repository "${config.id}" (${withoutCredentials(url)}) names no mirror`, {
    kind: "fetch",
    code: "MIRRORS_MISSING",
  });
}

function parseMirrors(config: RepositoryConfig, text: string): Mirrors {
  if (!/<metalink\b/.test(text)) {
    // A list from elsewhere has no business on this machine.
    const local = config.mirrorSource?.url.startsWith("file:") === true;
    return { baseUrls: parseMirrorlist(text).filter((url) => local || !url.startsWith("file:")), repomd: [] };
  }
  try {
    return parseMetalink(text);
  } catch (error) {
    throw new RpmociError(`the metalink of repository "${config.id}" is not valid: ${messageOf(error)}`, {
      kind: "fetch",
      code: "MIRRORS_INVALID",
      cause: error,
    });
  }
}

function parseMirrorlist(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim().replace(/(?<!\/)\/+$/, ""))
    .filter((line) => /^(https?|file):/.test(line));
}

interface Metalink {
  readonly metalink?: { readonly files?: { readonly file?: readonly MetalinkFile[] } };
}
interface MetalinkFile extends MetalinkVersion {
  readonly "@name"?: string;
  readonly resources?: { readonly url?: readonly MetalinkUrl[] };
  readonly alternates?: { readonly alternate?: readonly MetalinkVersion[] };
}
/** One of the files that mirrors may have at the moment. */
interface MetalinkVersion {
  readonly size?: { readonly "#text"?: string };
  readonly verification?: {
    readonly hash?: readonly { readonly "#text"?: string; readonly "@type"?: string }[];
  };
}
interface MetalinkUrl {
  readonly "#text"?: string;
  readonly "@preference"?: string;
  readonly "@protocol"?: string;
}
/** Metalink 3.0 with Fedora's `alternates`. */
function parseMetalink(text: string): Mirrors {
  const document = parseXml(text, ["file", "url", "hash", "alternate"]) as Metalink;
  const files = document.metalink?.files?.file ?? [];
  const file = files.find((entry) => entry["@name"] === "repomd.xml") ?? files[0] ?? {};
  const urls = [...(file.resources?.url ?? [])].sort(
    (a, b) => Number(b["@preference"] ?? 0) - Number(a["@preference"] ?? 0),
  );
  return {
    baseUrls: urls
      .map((url) => url["#text"] ?? "")
      .filter((url) => /^https?:.*\/repodata\/repomd\.xml$/.test(url))
      .map((url) => url.replace(/\/repodata\/repomd\.xml$/, "")),
    repomd: [file, ...(file.alternates?.alternate ?? [])].flatMap((version) => vouchedFile(version)),
  };
}

/** By the strongest hash, so that a weak one beside it vouches for nothing. */
function vouchedFile({ size, verification }: MetalinkVersion): readonly VouchedFile[] {
  const hashes = (verification?.hash ?? []).flatMap((hash): readonly Checksum[] => {
    const algorithm = checksumAlgorithm(hash["@type"] ?? "");
    return algorithm === null ? [] : [{ algorithm, value: (hash["#text"] ?? "").trim().toLowerCase() }];
  });
  const [strongest] = hashes.sort((a, b) => b.value.length - a.value.length);
  if (strongest === undefined) return [];
  const bytes = Number(size?.["#text"] ?? Number.NaN);
  return [{ checksum: strongest, size: Number.isSafeInteger(bytes) ? bytes : undefined }];
}
