/** `node fetch-stage.js URL LIST CACHE`: fetches the packages that LIST, `LockedPackage[]` in JSON, names. */
import { readFileSync } from "node:fs";
import { fetchPackages } from "../src/fetch/packages.js";
import { HttpTransport } from "../src/fetch/transport.js";
import type { LockedPackage } from "../src/model/lockfile.js";
import { DEFAULT_TRANSFER } from "../src/model/transport.js";

const [url = "", list = "", cacheDirectory = ""] = process.argv.slice(2);
const packages: readonly LockedPackage[] = JSON.parse(readFileSync(list, "utf8"));
const ignore = (): void => {};
const transport = new HttpTransport({ cacheDirectory, emit: ignore });
try {
  const sources = {
    repositoryIds: ["bench"],
    transferOf: () => DEFAULT_TRANSFER,
    baseUrlsOf: async () => [url],
    locate: async () => [],
  };
  await fetchPackages(packages, sources, transport, ignore);
} finally {
  await transport.close();
}
