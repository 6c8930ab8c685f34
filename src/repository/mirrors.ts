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
  /** Checksums of the repomd.xml files that a metalink vouches for; empty when nothing does. */
  readonly repomd: readonly Checksum[];
}

/** More would only delay the error when none of them answers. */
const MOST_MIRRORS = 10;

/** Throws an `RpmociError` of kind `fetch` when the list cannot be had or names no mirror. */
export async function findMirrors(config: RepositoryConfig, transport: Transport): Promise<Mirrors> {
  if (config.mirrorSource === null) return { baseUrls: config.baseUrls, repomd: [] };
  const { kind, url } = config.mirrorSource;
  const text = (await transport.readBytes([url], `${kind} of repository "${config.id}"`, config.transfer)).toString();
  const mirrors = parseMirrors(config, text);
  if (mirrors.baseUrls.length > 0) return { ...mirrors, baseUrls: mirrors.baseUrls.slice(0, MOST_MIRRORS) };
  throw new RpmociError(`the ${kind} of repository "${config.id}" (${withoutCredentials(url)}) names no mirror`, {
    kind: "fetch",
    code: "MIRRORS_MISSING",
  });
}

function parseMirrors(config: RepositoryConfig, text: string): Mirrors {
  if (!/<metalink\b/.test(text)) return { baseUrls: parseMirrorlist(text), repomd: [] };
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
interface MetalinkFile {
  readonly resources?: { readonly url?: readonly MetalinkUrl[] };
  readonly verification?: MetalinkVerification;
  readonly alternates?: { readonly alternate?: readonly { readonly verification?: MetalinkVerification }[] };
}
interface MetalinkUrl {
  readonly "#text"?: string;
  readonly "@preference"?: string;
  readonly "@protocol"?: string;
}
interface MetalinkVerification {
  readonly hash?: readonly { readonly "#text"?: string; readonly "@type"?: string }[];
}

/** Metalink 3.0 with Fedora's `alternates`. */
function parseMetalink(text: string): Mirrors {
  const document = parseXml(text, ["file", "url", "hash", "alternate"]) as Metalink;
  const file = document.metalink?.files?.file?.[0] ?? {};
  const urls = [...(file.resources?.url ?? [])].sort(
    (a, b) => Number(b["@preference"] ?? 0) - Number(a["@preference"] ?? 0),
  );
  const verifications = [
    file.verification,
    ...(file.alternates?.alternate ?? []).map((alternate) => alternate.verification),
  ];
  return {
    baseUrls: urls
      .map((url) => url["#text"] ?? "")
      .filter((url) => /^https?:.*\/repodata\/repomd\.xml$/.test(url))
      .map((url) => url.replace(/\/repodata\/repomd\.xml$/, "")),
    repomd: verifications.flatMap((verification) => strongest(verification)),
  };
}

/** The strongest hash of a verification, so that a weak one beside it vouches for nothing. */
function strongest(verification: MetalinkVerification | undefined): readonly Checksum[] {
  const hashes = (verification?.hash ?? []).flatMap((hash): readonly Checksum[] => {
    const algorithm = checksumAlgorithm(hash["@type"] ?? "");
    return algorithm === null ? [] : [{ algorithm, value: (hash["#text"] ?? "").trim().toLowerCase() }];
  });
  return hashes.sort((a, b) => b.value.length - a.value.length).slice(0, 1);
}
