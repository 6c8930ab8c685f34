/** All hosts that the examples name, on this machine: a proxy leads to a server that passes for any of them. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { startConnectProxy } from "./connect-proxy.js";
import { exampleGroups, exampleModules, examplePackages } from "./example-packages.js";
import { listen } from "./loopback.js";
import { buildRepository } from "./repository-fixture.js";
import { runSuccessfully } from "./run.js";
import { testKey, writePublicKey } from "./signing-key.js";
import { temporaryDirectory } from "./temporary-directory.js";
import { testTlsIdentity } from "./tls-identity.js";

export interface ExampleHosts {
  /** With which the command line takes this machine for those hosts. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that examples call `$distribution`. */
  readonly distribution: string;
}

/** One repository with all that examples want is at every URL that looks like one; every other file is its key. */
export async function startExampleHosts(t: TestContext, manifests: readonly string[]): Promise<ExampleHosts> {
  const distribution = temporaryDirectory(t);
  const [repository, keys] = [join(distribution, "repo"), join(distribution, "keys")];
  mkdirSync(keys);
  const key = await testKey("tiny");
  copyFileSync(writePublicKey(key, keys), join(keys, "RPM-GPG-KEY-demo.asc"));
  const [groups, modules] = ["comps.xml", "modules.yaml"].map((name) => join(distribution, name)) as [string, string];
  writeFileSync(groups, exampleGroups);
  writeFileSync(modules, exampleModules);
  await buildRepository(repository, examplePackages, { key, groups });
  await runSuccessfully("modifyrepo_c", ["--mdtype", "modules", modules, join(repository, "repodata")]);
  // What one example calls by its architecture.
  symlinkSync(".", join(distribution, "x86_64"));
  const foreign = examplePackages.map((fixture) =>
    fixture.arch === "x86_64" ? { ...fixture, arch: "aarch64" } : fixture,
  );
  await buildRepository(join(distribution, "aarch64/repo"), foreign, { key });
  symlinkSync("../keys", join(distribution, "aarch64/keys"));

  const names = manifests.flatMap((text) => [...text.matchAll(/https:\/\/([\w.-]+)\//g)].map(([, host]) => host));
  const identity = await testTlsIdentity([...new Set(names)].sort().map((host) => `DNS:${host}`));
  const server = createServer({ key: identity.key, cert: identity.cert }, (request, response) => {
    const [, file] = /\/((?:repodata\/)?[^/]+\.(?:rpm|xml|gz|zst|yaml))$/.exec(request.url ?? "") ?? [];
    try {
      response.end(file === undefined ? key.public : readFileSync(join(repository, decodeURIComponent(file))));
    } catch {
      response.writeHead(404).end();
    }
  });
  const proxy = await startConnectProxy(t, new URL(await listen(t, server)).host);
  return {
    distribution,
    env: {
      https_proxy: `http://${proxy.host}`,
      no_proxy: undefined,
      SSL_CERT_FILE: identity.caFile,
      DNF_VAR_distribution: distribution,
      DNF_VAR_releasever: "43",
    },
  };
}
