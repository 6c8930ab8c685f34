/**
 * Finds credentials for a registry where Docker and Podman keep theirs (containers-auth.json(5); Docker's
 * "docker login", "Credential stores", "Credential helpers"). Nothing of them is in any message.
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { RpmociError } from "../errors.js";
import type { Repository } from "../model/destination.js";
import { askHelper } from "./credential-helper.js";
import type { Credentials } from "./credentials.js";

const entrySchema = v.looseObject({
  auth: v.nullish(v.string()),
  username: v.nullish(v.string()),
  password: v.nullish(v.string()),
  identitytoken: v.nullish(v.string()),
  registrytoken: v.nullish(v.string()),
});

const fileSchema = v.looseObject({
  auths: v.nullish(v.record(v.string(), v.nullable(entrySchema)), {}),
  credHelpers: v.nullish(v.record(v.string(), v.string()), {}),
  credsStore: v.nullish(v.string(), ""),
});

/** Docker Hub's name in Docker's files. */
const DOCKER_HUB = "https://index.docker.io/v1/";

/** Null when there are none. Throws an `RpmociError` of kind `environment` for a file or helper that cannot be used. */
export async function findCredentials(
  repository: Repository,
  environment: NodeJS.ProcessEnv,
): Promise<Credentials | null> {
  for (const path of authFiles(environment)) {
    const file = await readAuthFile(path, environment.REGISTRY_AUTH_FILE === path);
    const found = file && (await credentialsIn(file, path, repository, environment));
    if (found) return found;
  }
  return null;
}

function authFiles(environment: NodeJS.ProcessEnv): readonly string[] {
  const {
    REGISTRY_AUTH_FILE: chosen,
    XDG_RUNTIME_DIR: runtime,
    XDG_CONFIG_HOME: config,
    DOCKER_CONFIG: docker,
  } = environment;
  if (chosen) return [chosen];
  const home = environment.HOME || homedir();
  return [
    runtime ? join(runtime, "containers/auth.json") : `/run/containers/${process.getuid?.()}/auth.json`,
    join(config || join(home, ".config"), "containers/auth.json"),
    join(docker || join(home, ".docker"), "config.json"),
  ];
}

type AuthFile = v.InferOutput<typeof fileSchema>;

async function readAuthFile(path: string, isRequired: boolean): Promise<AuthFile | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!isRequired && ["ENOENT", "ENOTDIR", "EACCES"].includes(code)) return null;
    throw fault(path, code === "ENOENT" ? "it is not there" : `it cannot be read (${code})`);
  }
  try {
    // Neither JSON's messages nor valibot's may be shown: they quote what they cannot read.
    return v.parse(fileSchema, text.trim() === "" ? {} : JSON.parse(text));
  } catch {
    throw fault(path, "it is not JSON of the shape that Docker and Podman write");
  }
}

async function credentialsIn(
  file: AuthFile,
  path: string,
  repository: Repository,
  environment: NodeJS.ProcessEnv,
): Promise<Credentials | null> {
  const { auths, credHelpers, credsStore } = file;
  const names = namesOf(repository);
  const helped = Object.keys(credHelpers).find((key) => names.includes(plainKey(key)));
  const helper = helped === undefined ? credsStore : credHelpers[helped];
  if (helper) {
    const server = helped ?? (isDockerHub(repository.registry) ? DOCKER_HUB : repository.registry);
    const found = await askHelper(helper, server, environment, path);
    if (found !== null) return found;
  }
  // The most specific first.
  for (const name of names) {
    const key = Object.keys(auths).find((candidate) => plainKey(candidate) === name);
    const entry = key === undefined ? null : auths[key];
    const found = entry && credentialsOf(entry, path);
    if (found) return found;
  }
  return null;
}

/** `host/a/b`, `host/a`, `host`; Docker Hub has two hosts. */
function namesOf({ registry, name }: Repository): readonly string[] {
  const parts = name.split("/");
  const hosts = isDockerHub(registry) ? ["docker.io", "index.docker.io"] : [registry];
  const paths = parts.map((_, index) => parts.slice(0, parts.length - index).join("/"));
  return [...paths.flatMap((path) => hosts.map((host) => `${host}/${path}`)), ...hosts];
}

export function isDockerHub(registry: string): boolean {
  return ["docker.io", "index.docker.io", "registry-1.docker.io"].includes(registry);
}

/** Docker has written URLs with a version of its API. */
function plainKey(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/(v[12]\/?)?$/, "");
}

function credentialsOf(entry: v.InferOutput<typeof entrySchema>, path: string): Credentials | null {
  const { auth, username, password, identitytoken, registrytoken } = entry;
  if (registrytoken) return { kind: "bearer", token: registrytoken, source: path };
  if (identitytoken) return { kind: "identity", token: identitytoken, source: path };
  if (auth) {
    const [, user, secret] = /^([^:]*):(.*?)\0*$/s.exec(Buffer.from(auth, "base64").toString()) ?? [];
    if (user === undefined || secret === undefined)
      throw fault(path, "an `auth` in it is not a user name and a password");
    return { kind: "password", username: user, password: secret, source: path };
  }
  return username && password ? { kind: "password", username, password, source: path } : null;
}

function fault(path: string, reason: string): RpmociError {
  return new RpmociError(`Failed to read credentials from ${path}: ${reason}`, {
    kind: "environment",
    code: "AUTH_FILE_INVALID",
    hint: "write it with: podman login, skopeo login or docker login",
  });
}
