/** From the manifest's repositories to configurations: options read, variables expanded, credentials found. */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import type { Manifest, RepositoryReference } from "../model/manifest.js";
import type { RepositoryConfig } from "../model/repository.js";
import { DEFAULT_TRANSFER, type TlsOptions, type TransferOptions } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import { expandVariables } from "./expansion.js";
import { effectiveRepositories } from "./host-dnf.js";
import { OptionReader } from "./options.js";
import { type RepositoryDefinition, readDnfConfiguration, type SystemRepositories } from "./system.js";
import { systemVariables, type Variables } from "./variables.js";

export interface ConfigureOptions {
  readonly arch: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where the system's configuration lies; `/` but in tests. */
  readonly systemRoot?: string;
  /** The path of the host's dnf, which is asked when its plugins may change a system repository's definition. */
  readonly findDnf?: () => Promise<string>;
  readonly emit?: Emit;
  readonly signal?: AbortSignal | undefined;
}

/** dnf's default: 48 hours. */
const METADATA_EXPIRE = 48 * 3600;

/**
 * The configuration of every repository of the manifest, in its order. Throws an `RpmociError` of kind `manifest` for
 * an unknown id, an option that is not supported, or a variable without a value.
 */
export async function configureRepositories(
  manifest: Manifest,
  options: ConfigureOptions,
): Promise<readonly RepositoryConfig[]> {
  const { arch, environment, systemRoot = "/" } = options;
  const configuration = await readDnfConfiguration(systemRoot);
  const ids = manifest.repositories.flatMap(({ kind, id }) => (kind === "system" ? [id] : []));
  const variables = await systemVariables({
    arch,
    environment,
    root: systemRoot,
    directories: configuration.variableDirectories,
    releasever: manifest.releasever,
    needsRelease: ids.length > 0 || JSON.stringify([manifest.repositories, manifest.gpgkeys]).includes("releasever"),
  });
  const system =
    ids.length === 0 ? null : await effectiveRepositories({ ids, configuration, variables, ...options, systemRoot });
  return manifest.repositories.map((reference) => {
    const definition = definitionOf(reference, system);
    const reader = new OptionReader(reference.id, definition.options);
    // One URL, whatever characters are in it: only the option baseurl is a list.
    const urls = reference.kind === "url" ? [reference.url] : reader.list("baseurl");
    const config = configure(reader, definition, urls, manifest, variables, environment);
    for (const name of reader.finish(reference.kind === "url" ? "refused" : "ignored")) {
      const message = `the option ${name} of repository "${reference.id}" is not one of dnf's, and is ignored`;
      options.emit?.({ type: "debug", message });
    }
    return config;
  });
}

function definitionOf(reference: RepositoryReference, system: SystemRepositories | null): RepositoryDefinition {
  // The file that defines it is the manifest, which is edited for other reasons.
  if (reference.kind === "url") return { options: reference.options, definedAt: 0 };
  const found = system?.definitions.get(reference.id);
  if (found !== undefined) return found;
  const known = [...(system?.definitions.keys() ?? [])];
  throw new RpmociError(`Repository not found in system config, repoid: '${reference.id}'`, {
    kind: "manifest",
    code: "REPOSITORY_UNKNOWN",
    hint:
      known.length === 0
        ? `no .repo file was found in ${system?.directories.join(", ")}; give the repository by its URL`
        : `configured are: ${known.join(", ")}`,
  });
}

function configure(
  reader: OptionReader,
  definition: RepositoryDefinition,
  urls: readonly string[],
  { gpgkeys: globalKeys, requireSigned }: Manifest,
  variables: Variables,
  environment: NodeJS.ProcessEnv,
): RepositoryConfig {
  const id = reader.repositoryId;
  const expand = (text: string): string => {
    const { text: expanded, unknown: unset } = expandVariables(text, variables);
    const [unknown] = unset;
    if (unknown === undefined) return asUrl(id, expanded);
    throw new RpmociError(`repository "${id}": the variable $${unknown} in ${text} has no value`, {
      kind: "manifest",
      code: "VARIABLE_UNKNOWN",
      hint: unknown.startsWith("releasever")
        ? 'set contents.releasever in the manifest, for example releasever = "9"'
        : `write the value into /etc/dnf/vars/${unknown}, or set DNF_VAR_${unknown}`,
    });
  };
  const baseUrls = urls.map((url) => expand(url).replace(/\/+$/, ""));
  // An empty one takes back what the system says.
  const metalink = reader.text("metalink") || undefined;
  const mirrorlist = reader.text("mirrorlist") || undefined;
  const mirror = metalink ?? mirrorlist;
  if (baseUrls.length === 0 && mirror === undefined) {
    throw new RpmociError(`repository "${id}" has neither baseurl nor mirrorlist nor metalink`, {
      kind: "manifest",
      code: "REPOSITORY_WITHOUT_URL",
    });
  }
  const repositoryKeys = reader.list("gpgkey").map(expand);
  return {
    id,
    baseUrls,
    mirrorSource:
      mirror === undefined ? null : { kind: metalink === undefined ? "mirrorlist" : "metalink", url: expand(mirror) },
    priority: reader.integer("priority", 99),
    cost: reader.integer("cost", 1000),
    gpgcheck: (reader.boolean("gpgcheck", true) && reader.boolean("pkg_gpgcheck", true)) || requireSigned,
    repoGpgcheck: reader.boolean("repo_gpgcheck", false),
    gpgkeys: [...new Set([...globalKeys.map(expand), ...repositoryKeys])],
    includePackages: reader.list("includepkgs"),
    excludePackages: reader.list("exclude", "excludepkgs"),
    moduleHotfixes: reader.boolean("module_hotfixes", false),
    skipIfUnavailable: reader.boolean("skip_if_unavailable", false),
    metadataExpire: reader.expiry("metadata_expire", METADATA_EXPIRE),
    definedAt: definition.definedAt,
    transfer: transferOptions(reader, definition.headers ?? {}, environment),
  };
}

function transferOptions(
  reader: OptionReader,
  headers: Readonly<Record<string, string>>,
  environment: NodeJS.ProcessEnv,
): TransferOptions {
  // Ids hold characters that a shell cannot export; the original upper-cases the id and changes nothing else.
  const prefix = `RPMOCI_${reader.repositoryId.toUpperCase()}_HTTP`;
  const configured = { username: reader.text("username") || undefined, password: reader.text("password") };
  const username = environment[`${prefix}_USERNAME`] ?? configured.username;
  const password = environment[`${prefix}_PASSWORD`] ?? configured.password;
  const userAgent = reader.text("user_agent");
  return {
    ...tlsOptions(reader, ""),
    credentials: username === undefined ? undefined : { username, password: password ?? "" },
    sslverifystatus: reader.boolean("sslverifystatus", false),
    proxy: proxyOf(reader),
    proxyAuthentication: reader.proxyAuthentication("proxy_auth_method"),
    proxyTls: tlsOptions(reader, "proxy_"),
    ipVersion: reader.ipVersion("ip_resolve"),
    headers: { ...(userAgent === undefined || userAgent === "" ? {} : { "user-agent": userAgent }), ...headers },
    // Of none dnf makes its default, too.
    timeout: reader.seconds("timeout", DEFAULT_TRANSFER.timeout) || DEFAULT_TRANSFER.timeout,
    minrate: reader.bytes("minrate", DEFAULT_TRANSFER.minrate),
    retries: reader.integer("retries", DEFAULT_TRANSFER.retries),
  };
}

function tlsOptions(reader: OptionReader, prefix: "" | "proxy_"): TlsOptions {
  const file = (name: string): string | undefined => reader.text(`${prefix}${name}`) || undefined;
  return {
    sslverify: reader.boolean(`${prefix}sslverify`, true),
    sslcacert: file("sslcacert"),
    sslclientcert: file("sslclientcert"),
    sslclientkey: file("sslclientkey"),
  };
}

function proxyOf(reader: OptionReader): string | undefined {
  const proxy = reader.text("proxy");
  const username = reader.text("proxy_username");
  const password = reader.text("proxy_password");
  if (proxy === undefined || proxy === "" || proxy === "_none_") return undefined;
  const url = new URL(proxy);
  if (username !== undefined) url.username = encodeURIComponent(username);
  if (password !== undefined) url.password = encodeURIComponent(password);
  return url.href;
}

function asUrl(id: string, text: string): string {
  if (isAbsolute(text)) return pathToFileURL(text).href;
  const protocol = URL.canParse(text) ? new URL(text).protocol : "";
  if (["http:", "https:", "file:"].includes(protocol)) return text;
  throw new RpmociError(`repository "${id}": ${withoutCredentials(text)} is not an http, https or file URL`, {
    kind: "manifest",
    code: "REPOSITORY_URL_INVALID",
  });
}
