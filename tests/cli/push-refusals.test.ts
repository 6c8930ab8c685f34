/** What a real registry refuses: tokens that have expired or that nobody knows, and blobs without room for them. */
import assert from "node:assert/strict";
import test from "node:test";
import { assertPushed, assertQuiet, setting } from "../support/pusher.js";
import { registrySkip, startRegistry } from "../support/registry.js";
import { type RunResult, run } from "../support/run.js";
import { startTokenServer } from "../support/token-server.js";

const skip = registrySkip;

/** One error, and one hint. */
function assertOneError({ code, stdout, stderr }: RunResult, message: RegExp, hint: RegExp): void {
  assert.deepEqual([code, stdout], [/REGISTRY_FULL/.test(stderr) ? 5 : 1, ""], stderr);
  assert.equal(stderr.match(/^ *Error /gm)?.length, 1, stderr);
  assert.match(stderr, message);
  assert.match(stderr, hint);
}

test("tokens that have expired, or that somebody else has signed, are one clear error", { skip }, async (t) => {
  const { user, image } = setting(t, [1000]);
  const tokenServer = await startTokenServer(t);
  const { host } = await startRegistry(t, { tokenServer });
  const target = `registry:${host}/team/app`;
  assertPushed(await user.push([target]), image.digest);
  const before = tokenServer.tokens.length;
  for (const refusal of [
    { lifetime: -600, key: "own" },
    { lifetime: 300, key: "other" },
  ] as const) {
    Object.assign(tokenServer, refusal);
    const refused = await user.push([target]);
    assertOneError(
      refused,
      /Error Failed to push to .*\/team\/app: .* takes the token that 127\.0\.0\.1:\d+ has just given for invalid or expired\n/,
      /Hint the clocks of the two may differ/,
    );
    assertQuiet(refused, tokenServer.tokens);
  }
  // One that the user has, not a server.
  Object.assign(tokenServer, { lifetime: -600, key: "own" });
  user.writeDockerConfig({ auths: { [host]: { registrytoken: tokenServer.tokens.at(-2) } } });
  const own = await user.push([target]);
  assertOneError(own, /Error .* refuses the credentials from .*config\.json\n/, /Hint .*log in again/);
  assertQuiet(own, tokenServer.tokens);
  user.writeDockerConfig({});
  // They are not asked for without end.
  assert.ok(tokenServer.tokens.length - before <= 8, `${tokenServer.tokens.length - before} tokens`);
  Object.assign(tokenServer, { lifetime: 300, key: "own" });
  assertPushed(await user.push([target]), image.digest);
});

test("a registry whose disk is full is one clear error", { skip }, async (t) => {
  if (process.geteuid?.() !== 0) return t.skip("only root can mount");
  const probe = await run("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
  if (probe.code !== 0) return t.skip(`nothing can be mounted here: ${probe.stderr.trim()}`);
  const { user } = setting(t, [3 << 20]);
  const { host } = await startRegistry(t, { disk: "1m" });
  const refused = await user.push([`registry:${host}/app`]);
  assertOneError(
    refused,
    /Error Failed to push to .*\/app: .* has no space left for the blob sha256:/,
    /Hint remove images there/,
  );
  assert.doesNotMatch(refused.stderr, /trying again/);
});
