/** A scene with a base image, which rpmoci built, and a manifest that builds on it. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { stringify, type TomlTable } from "smol-toml";
import { umoci } from "./image-readers.js";
import { Scene, type SceneOptions } from "./scene.js";
import { temporaryDirectory } from "./temporary-directory.js";
import { listTree, type Tree } from "./tree-listing.js";

export interface BasedManifest {
  readonly base?: string;
  readonly packages?: readonly string[];
  readonly contents?: TomlTable;
  /** Other tables than `contents`. */
  readonly more?: TomlTable;
}

/** Of packages that a base of the tests has. */
export const basePackages = ["tiny-release", "libtiny", "tool-1.8.0"] as const;

/** The base is the image `test` of the layout `base` in the scene's folder. */
export async function basedScene(t: TestContext, base: BasedManifest = {}, options: SceneOptions = {}): Promise<Scene> {
  const scene = await Scene.create(t, options);
  await buildBase(scene, base);
  return scene;
}

export async function buildBase(scene: Scene, manifest: BasedManifest, tag = "test"): Promise<void> {
  writeManifest(scene, { packages: basePackages, ...manifest }, "base.toml");
  rmSync(scene.path("base.lock"), { force: true });
  const result = await scene.run(["build", "-f", "base.toml", "--image", "base", "--tag", tag, "--engine", "rpm"]);
  if (result.code !== 0) throw new Error(`the base was not built:\n${result.stderr}`);
}

/** Builds on `oci:base:test` unless `base` says otherwise; without a base when it is empty. */
export function writeBased(scene: Scene, { base = "oci:base:test", ...manifest }: BasedManifest = {}): void {
  const { contents = {}, ...rest } = manifest;
  const own = base === "" ? contents : { ...contents, base: { image: base } };
  writeManifest(scene, { ...rest, contents: own }, "rpmoci.toml");
}

function writeManifest(
  scene: Scene,
  { packages = ["app"], contents = {}, more = {} }: BasedManifest,
  name: string,
): void {
  const defaults = { repositories: [{ id: "tiny", url: scene.repositoryUrl }], gpgkeys: [scene.keyUrl] };
  const document = { contents: { ...defaults, packages, ...contents }, ...more };
  writeFileSync(scene.path(name), stringify(document as unknown as TomlTable));
}

/** What umoci makes of an image. Needs root. */
export async function unpackedTree(t: TestContext, layout: string, tag: string): Promise<Tree> {
  return listTree(await unpackedRoot(t, layout, tag));
}

export async function unpackedRoot(t: TestContext, layout: string, tag: string): Promise<string> {
  const folder = join(temporaryDirectory(t), "unpacked");
  mkdirSync(folder);
  return umoci.unpack(layout, tag, folder);
}

/** Without the times of directories, which depend on what was installed together. */
export function withoutDirectoryTimes(tree: Tree): Tree {
  return new Map([...tree].map(([path, entry]) => [path, entry.kind === "directory" ? { ...entry, mtime: 0 } : entry]));
}
