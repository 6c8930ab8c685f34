#!/usr/bin/env node
// Resolves many images against the same repositories, which are opened once, and prints how large each becomes:
//
//     node examples/embedding/build-many.mjs base/rpmoci.toml web/rpmoci.toml db/rpmoci.toml
//
// The first package manifest names the repositories for all.
import { loadManifest, openResolver, RpmociError } from "rpmoci";

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** What a build system knows of an image, here read from its manifest. */
async function imageOf(path) {
  const { packages, osRelease } = await loadManifest(path);
  return { path, packages: osRelease ? [...packages, "/etc/os-release"] : packages };
}

async function main(paths) {
  const [first] = paths;
  if (first === undefined) throw new Error("usage: build-many.mjs MANIFEST…");
  const interruption = new AbortController();
  process.once("SIGINT", () => interruption.abort(new Error("interrupted")));

  const resolver = await openResolver({
    manifestPath: first,
    signal: interruption.signal,
    emit: (event) => {
      if (event.type === "warning") console.error(`warning: ${event.message}`);
    },
  });
  try {
    const images = await Promise.all(paths.map(imageOf));
    // Ask for all at once: the resolver answers one after the other, on threads of its own.
    const answers = await Promise.allSettled(
      images.map(({ packages }) => resolver.resolve({ packages, signal: interruption.signal })),
    );
    for (const [index, answer] of answers.entries()) {
      const { path } = images[index];
      if (answer.status === "rejected") {
        report(path, answer.reason);
        process.exitCode = 1;
        continue;
      }
      const { packages, downloadSize, installedSize } = answer.value;
      console.log(
        `${path}: ${packages.length} packages, ${megabytes(downloadSize)} to download, ${megabytes(installedSize)} installed`,
      );
    }
  } finally {
    await resolver.close();
  }
}

function report(path, error) {
  if (!(error instanceof RpmociError)) throw error;
  console.error(`${path}: ${error.message}`);
  for (const detail of error.details) console.error(`  ${detail}`);
}

await main(process.argv.slice(2));
