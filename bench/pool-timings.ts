/**
 * Opens a pool in a fresh process and resolves one job: prints milliseconds of each step and the number of packages.
 * Usage: node build/js/bench/pool-timings.js REPOSITORY CACHE|"" NAME…
 */
import { openPool, repositoryIn, solve } from "../tests/native/support/package-repository.js";
import { addon } from "../tests/native/support/rpm-addon.js";

const [repository = "", cacheDirectory = "", ...names] = process.argv.slice(2);
const files = { ...repositoryIn(repository, "large"), filelists: null };
const start = performance.now();
const pool = await (cacheDirectory === ""
  ? openPool([files])
  : addon.openPool([files], { arch: "x86_64", localPackages: [], cacheDirectory }));
const opened = performance.now();
const result = await solve(pool, names);
const solved = performance.now();
const packages = result.kind === "solved" ? result.installs.length : -1;
console.log(JSON.stringify({ open: opened - start, solve: solved - opened, total: solved - start, packages }));
