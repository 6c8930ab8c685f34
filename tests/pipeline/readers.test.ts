/** A real root in many layers, of each compression: whoever unpacks the image gets the same tree. */
import assert from "node:assert/strict";
import { appendFileSync, cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { differences } from "../support/compare-trees.js";
import { distributionFixture } from "../support/distribution-fixture.js";
import { readImage } from "../support/image.js";
import { bsdtar, gnuTar, type ImageReader, imageReaders, layerPaths } from "../support/image-readers.js";
import { projectRoot } from "../support/project.js";
import { rpmoci } from "../support/run.js";
import { removeTree, temporaryDirectory } from "../support/temporary-directory.js";
import { listArchives, listTree, type TreeEntry } from "../support/tree-listing.js";

const COMPRESSIONS = ["none", "gzip", "zstd"] as const;

const skip = process.geteuid?.() !== 0 && "only root can give files away";

/** A layout with nginx of the distribution, a tag for each compression; null where the distribution cannot be had. */
async function buildImages(t: TestContext, directory: string): Promise<string | null> {
  const distribution = await distributionFixture(t, "small", "plain");
  if (distribution === null) return null;
  const environment = {
    DNF_VAR_distribution: distribution.folder,
    SOURCE_DATE_EPOCH: "1750000000",
    XDG_CACHE_HOME: join(directory, "cache"),
  };
  for (const compression of COMPRESSIONS) {
    cpSync(join(projectRoot, "examples/local/nginx/rpmoci.toml"), join(directory, "rpmoci.toml"));
    appendFileSync(
      join(directory, "rpmoci.toml"),
      `\n[layers]\nstrategy = "source"\nmax = 8\ncompression = "${compression}"\n`,
    );
    const build = ["build", "--no-cache", "--image", "image", "--tag", compression];
    const result = await rpmoci(build, { cwd: directory, env: environment });
    assert.equal(result.code, 0, result.stderr);
  }
  return join(directory, "image");
}

/** What bsdtar does not set again when the directory is there already, from a lower layer. */
function isTimeOfDirectory(field: string, entry: TreeEntry | undefined): boolean {
  return field === "mtime" && entry?.kind === "directory";
}

test("all readers unpack all compressions of an image to one tree", { skip }, async (t) => {
  const directory = temporaryDirectory(t);
  const layout = await buildImages(t, directory);
  if (layout === null) return;
  const diffIds = COMPRESSIONS.map((compression) => readImage(layout, compression).config.rootfs.diff_ids);
  assert.ok((diffIds[0]?.length ?? 0) > 4);
  assert.deepEqual(diffIds, [diffIds[0], diffIds[0], diffIds[0]]);

  const reference = join(directory, "reference");
  mkdirSync(reference);
  const expected = await listTree(await gnuTar.unpack(layout, "none", reference));
  const kinds = new Set([...expected.values()].map(({ kind }) => kind));
  assert.ok(expected.size > 1000 && kinds.has("symlink"), "a small tree");
  for (const compression of COMPRESSIONS) {
    await t.test(`Python's tarfile, ${compression}`, async () => {
      assert.deepEqual(differences(expected, await listArchives(layerPaths(layout, compression))), []);
    });
    for (const reader of imageReaders) {
      const unsupported = reader.without.includes(compression) && `${reader.name} does not know ${compression}`;
      await t.test(`${reader.name}, ${compression}`, { skip: reader.skip || unsupported }, async () => {
        const folder = join(directory, `${reader.name.replace("/", "-")}-${compression}`);
        mkdirSync(folder);
        const found = await listTree(await reader.unpack(layout, compression, folder));
        const except: ImageReader["loses"] = (path, field, entry) =>
          reader.loses(path, field, entry) || (reader === bsdtar && isTimeOfDirectory(field, entry));
        assert.deepEqual(differences(expected, found, { except }), []);
        removeTree(folder);
      });
    }
  }
});
