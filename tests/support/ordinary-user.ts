/** Runs the built command line as somebody who is not root, but has subordinate ids. */
import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { digestOf } from "./image.js";
import { projectRoot } from "./project.js";
import { type RunResult, run } from "./run.js";
import type { Scene } from "./scene.js";

const USER = "rpmoci-test";

const program = join(projectRoot, "dist/main.js");

/** Why that is not possible here; null when it is. */
export async function whyNoOrdinaryUser(): Promise<string | null> {
  if (process.geteuid?.() !== 0) return "only root can compare";
  const enter = ["-u", USER, "--", "unshare", "--user", "--map-auto", "--map-root-user", "true"];
  const probe = await run("runuser", enter);
  if (probe.code !== 0) return `no user ${USER} with subordinate ids: ${probe.stderr.trim()}`;
  const readable = await run("runuser", ["-u", USER, "--", "test", "-r", program]);
  return readable.code === 0 ? null : `the user ${USER} cannot read ${projectRoot}`;
}

/** As `Scene.run`, without its options; the scene's folder is that user's from then on. */
export async function runAsOrdinaryUser(scene: Scene, args: readonly string[]): Promise<RunResult> {
  const base = join(scene.directory, "..");
  await run("chown", ["-R", USER, base]);
  return run("runuser", ["-u", USER, "--", process.execPath, program, ...args], {
    cwd: scene.directory,
    env: { XDG_CACHE_HOME: join(base, "user-cache"), SOURCE_DATE_EPOCH: "1720000000", HOME: base },
  });
}

/** Puts links into a folder for PATH to what a build by this user cannot do without: root needs nothing. */
export function linkNamespacePrograms(folder: string): void {
  if (process.geteuid?.() === 0) return;
  for (const name of ["unshare", "newuidmap", "newgidmap"]) symlinkSync(`/usr/bin/${name}`, join(folder, name));
}

/** The digest of the image that the ordinary user builds of the scene's lockfile; null, and said so, where there is none. */
export async function digestByOrdinaryUser(scene: Scene, t: TestContext): Promise<string | null> {
  const reason = await whyNoOrdinaryUser();
  if (reason !== null) {
    t.diagnostic(reason);
    return null;
  }
  const result = await runAsOrdinaryUser(scene, ["build", "--locked", "--image", "image", "--tag", "user"]);
  assert.equal(result.code, 0, result.stderr);
  return digestOf(scene.layout, "user");
}
