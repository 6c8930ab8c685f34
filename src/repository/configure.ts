/** From the manifest's repositories to configurations: options read, variables expanded, credentials found. */
import { isAbsolute } from "node:path";
import { pathToFileURL } from "node:url";
import { RpmociError } from "../errors.js";
import type { Manifest, RepositoryReference } from "../model/manifest.js";
import type { RepositoryConfig } from "../model/repository.js";
import { DEFAULT_TRANSFER, type TransferOptions } from "../model/transport.js";
import { withoutCredentials } from "../model/url.js";
import { OptionReader } from "./options.js";
import { readSystemRepositories, type SystemRepositories } from "./system.js";
import { expandVariables, systemVariables, unknownVariables, type Variables } from "./variables.js";

export interface ConfigureOptions {
  readonly arch: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Where the system's configuration lies; `/` but in tests. */
  readonly systemRoot?: string;
}

/**
 * The configuration of every repository of the manifest, in its order. Throws an `RpmociError` of kind `manifest` for
 * an unknown id, an option that is not supported, or a variable without a value.
 */
export async function configureRepositories(
  manifest: Manifest,
  options: ConfigureOptions,
): Promise<readonly RepositoryConfig[]> {
  const { arch, environment, systemRoot = "/" } = options;
  const variables = await systemVariables(arch, environment, systemRoot);
  const needsSystem = manifest.repositories.some(({ kind }) => kind === "system");
  const system = needsSystem ? await readSystemRepositories(systemRoot) : null;
  return manifest.repositories.map((reference) => {
    const reader = new OptionReader(reference.id, optionsOf(reference, system));
    // One URL, whatever characters are in it: only the option baseurl is a list.
    const urls = reference.kind === "url" ? [reference.url] : reader.list("baseurl");
    return configure(reader, urls, manifest.gpgkeys, variables, environment);
  });
}

function optionsOf(
  reference: RepositoryReference,
  system: SystemRepositories | null,
): Readonly<Record<string, string>> {
  if (reference.kind === "url") return reference.options;
  const found = system?.options.get(reference.id);
  if (found !== undefined) return found;
  const known = [...(system?.options.keys() ?? [])];
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
  urls: readonly string[],
  globalKeys: readonly string[],
  variables: Variables,
  environment: NodeJS.ProcessEnv,
): RepositoryConfig {
  const id = reader.repositoryId;
  const expand = (text: string): string => {
    const expanded = expandVariables(text, variables);
    const [unknown] = unknownVariables(expanded);
    if (unknown === undefined) return asUrl(id, expanded);
    throw new RpmociError(`repository "${id}": the variable $${unknown} in ${text} has no value`, {
      kind: "manifest",
      code: "VARIABLE_UNKNOWN",
      hint: `write the value into /etc/dnf/vars/${unknown}, or set DNF_VAR_${unknown}`,
    });
  };
  const baseUrls = urls.map((url) => expand(url).replace(/\/+$/, ""));
  const metalink = reader.text("metalink");
  const mirrorlist = reader.text("mirrorlist");
  const mirror = metalink ?? mirrorlist;
  if (baseUrls.length === 0 && mirror === undefined) {
    throw new RpmociError(`repository "${id}" has neither baseurl nor mirrorlist nor metalink`, {
      kind: "manifest",
      code: "REPOSITORY_WITHOUT_URL",
    });
  }
  const repositoryKeys = reader.list("gpgkey").map(expand);
  const config: RepositoryConfig = {
    id,
    baseUrls,
    mirrorSource:
      baseUrls.length > 0 || mirror === undefined
        ? null
        : { kind: metalink === undefined ? "mirrorlist" : "metalink", url: expand(mirror) },
    priority: reader.integer("priority", 99),
    cost: reader.integer("cost", 1000),
    gpgcheck: reader.boolean("gpgcheck", true) && reader.boolean("pkg_gpgcheck", true),
    repoGpgcheck: reader.boolean("repo_gpgcheck", false),
    gpgkeys: [...new Set([...globalKeys.map(expand), ...repositoryKeys])],
    includePackages: reader.list("includepkgs"),
    excludePackages: reader.list("exclude", "excludepkgs"),
    moduleHotfixes: reader.boolean("module_hotfixes", false),
    skipIfUnavailable: reader.boolean("skip_if_unavailable", false),
    transfer: transferOptions(reader, environment),
  };
  reader.finish();
  return config;
}

function transferOptions(reader: OptionReader, environment: NodeJS.ProcessEnv): TransferOptions {
  // Ids hold characters that a shell cannot export; the original upper-cases the id and changes nothing else.
  const prefix = `RPMOCI_${reader.repositoryId.toUpperCase()}_HTTP`;
  const configured = { username: reader.text("username"), password: reader.text("password") };
  const username = environment[`${prefix}_USERNAME`] ?? configured.username;
  const password = environment[`${prefix}_PASSWORD`] ?? configured.password;
  return {
    sslverify: reader.boolean("sslverify", true),
    sslcacert: reader.text("sslcacert"),
    sslclientcert: reader.text("sslclientcert"),
    sslclientkey: reader.text("sslclientkey"),
    credentials: username === undefined ? undefined : { username, password: password ?? "" },
    proxy: proxyOf(reader),
    timeout: reader.seconds("timeout", DEFAULT_TRANSFER.timeout),
    retries: reader.integer("retries", DEFAULT_TRANSFER.retries),
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
