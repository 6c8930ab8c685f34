import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { listen } from "../support/loopback.js";
import { assertPushed, assertQuiet, proxied, setting } from "../support/pusher.js";
import { account, registrySkip, startRegistry } from "../support/registry.js";
import { RegistryProxy } from "../support/registry-proxy.js";
import { testTlsIdentity } from "../support/tls-identity.js";

const skip = registrySkip;

test("credentials are found where Podman and Docker keep them, the most specific first", { skip }, async (t) => {
  const { user } = setting(t, [1000]);
  const { host } = await startRegistry(t, { authentication: true });
  const target = `registry:${host}/team/app`;
  const right = { auth: Buffer.from(`${account.username}:${account.password}`).toString("base64") };
  const wrong = { auth: Buffer.from("mallory:wrong-canary-6").toString("base64") };
  const helper = (output: string, code = 0): string => `cat >'${user.path("asked")}'; echo '${output}'; exit ${code}`;
  const found = `{"ServerURL":"x","Username":"${account.username}","Secret":"${account.password}"}`;
  user.writeProgram("docker-credential-full", helper(found));
  user.writeProgram("docker-credential-empty", helper("credentials not found in native keychain", 1));
  user.writeProgram("docker-credential-broken", helper(found, 2));
  const works: readonly object[] = [
    { auths: { [host]: right } },
    { auths: { [`https://${host}/v2/`]: right } },
    { auths: { [host]: wrong, [`${host}/team`]: right } },
    { auths: { [`${host}/team`]: wrong, [`${host}/team/app`]: right } },
    { credHelpers: { [host]: "full" }, auths: { [host]: wrong } },
    { credsStore: "full", auths: { [host]: {} } },
    { credsStore: "empty", auths: { [host]: right } },
  ];
  for (const config of works) {
    user.writeDockerConfig(config);
    const { code, stderr } = await user.push([target]);
    assert.equal(code, 0, `${JSON.stringify(config)}: ${stderr}`);
  }
  assert.equal(readFileSync(user.path("asked"), "utf8"), host);
  const places = [
    [user.path("run/containers/auth.json"), {}],
    [user.path("home/.config/containers/auth.json"), {}],
    [user.path("chosen.json"), { REGISTRY_AUTH_FILE: user.path("chosen.json") }],
  ] as const;
  user.writeDockerConfig({ auths: { [host]: wrong } });
  for (const [path, env] of places) {
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, JSON.stringify({ auths: { [host]: right } }));
    assert.equal((await user.push([target], env)).code, 0, path);
    writeFileSync(path, "");
  }
  const fails: readonly (readonly [object | string, RegExp])[] = [
    [
      { credHelpers: { [host]: "absent" } },
      /docker-credential-absent, which .*config\.json names: it was not found on PATH/,
    ],
    [{ credsStore: "broken" }, /docker-credential-broken.*it ended with status 2/],
    [{ credsStore: "../evil" }, /that is not a program's name/],
    [`{"auths":{"x":"${account.password}`, /config\.json: it is not JSON of the shape/],
    [{ auths: { [host]: { auth: account.password } } }, /is not a user name and a password/],
  ];
  for (const [config, message] of fails) {
    if (typeof config === "string") writeFileSync(user.path("home/.docker/config.json"), config);
    else user.writeDockerConfig(config);
    const result = await user.push([target]);
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, message);
    assertQuiet(result, [account.password]);
  }
});

test("tokens: from passwords and refresh tokens, renewed when they expire, never shown", { skip }, async (t) => {
  const { user, image } = setting(t);
  const server = { ...account, refreshToken: "refresh-canary-17", uses: 3 };
  const proxy = await proxied(t, server);
  const target = `registry:${proxy.host}/app`;
  user.logIn(proxy.host, account);
  const pushed = await user.push([target]);
  assertPushed(pushed, image.digest);
  assert.ok(proxy.tokens.length > 2, "tokens that expired were not renewed");
  const question = proxy.requests.find(({ path }) => path.startsWith("/token"));
  assert.match(question?.path ?? "", /service=test\+registry&scope=repository%3Aapp%3Apull%2Cpush/);
  user.writeDockerConfig({ auths: { [proxy.host]: { identitytoken: server.refreshToken } } });
  const refreshed = await user.push([target]);
  assertPushed(refreshed, image.digest);
  for (const result of [pushed, refreshed])
    assertQuiet(result, [account.password, server.refreshToken, ...proxy.tokens]);
  user.logIn(proxy.host, { ...account, password: "wrong-canary-8" });
  const refused = await user.push([target]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Error .*the token server 127.* refuses the credentials from/);
  assertQuiet(refused, ["wrong-canary-8"]);
});

test("credentials go neither where a registry redirects to, nor to where it has blobs uploaded", {
  skip,
}, async (t) => {
  const { user, image } = setting(t, [1000]);
  const registry = await startRegistry(t);
  const seen: (string | undefined)[] = [];
  const target = new URL(`http://${registry.host}`);
  const elsewhere = await listen(
    t,
    createServer(async (request, response) => {
      seen.push(request.headers.authorization);
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { authorization: _, connection: __, "transfer-encoding": ___, ...headers } = request.headers;
      const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
      const answer = await fetch(new URL(request.url ?? "", target), {
        method: request.method ?? "GET",
        headers: headers as Record<string, string>,
        redirect: "manual",
        ...body,
      });
      response
        .writeHead(answer.status, Object.fromEntries(answer.headers))
        .end(Buffer.from(await answer.arrayBuffer()));
    }),
  );
  const proxy = await RegistryProxy.start(t, registry.host, account);
  user.logIn(proxy.host, account);
  proxy.redirectUploads = elsewhere;
  assertPushed(await user.push([`registry:${proxy.host}/app`]), image.digest);
  assert.ok(seen.length > 0);
  assert.deepEqual([...new Set(seen)], [undefined]);
});

test("a client's certificate is taken from certs.d; files there that are no certificates are told", {
  skip,
}, async (t) => {
  const { user, image } = setting(t, [1000]);
  const { host, caFile = "" } = await startRegistry(t, { tls: true, clientCertificates: true });
  const folder = user.path("home/.config/containers/certs.d", host);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "ca.crt"), readFileSync(caFile));
  const refused = await user.push([`registry:${host}/app`]);
  assert.equal(refused.code, 5);
  assert.match(refused.stderr, /Failed to push to .*broke off/);
  const { clientCertFile, clientKeyFile } = await testTlsIdentity();
  writeFileSync(join(folder, "client.cert"), readFileSync(clientCertFile));
  writeFileSync(join(folder, "client.key"), readFileSync(clientKeyFile));
  assertPushed(await user.push([`registry:${host}/app`]), image.digest);
  writeFileSync(join(folder, "client.key"), "not a key");
  const broken = await user.push([`registry:${host}/app`]);
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /Failed to use the certificates for a registry/);
});
