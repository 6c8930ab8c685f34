/** Programs of this machine as packages: with the libraries that they need, at the places where they are. */
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { FileFixture, RpmFixture } from "./rpm-fixture.js";

/** A package with the directories of a merged /usr, and with `programs`, by where they are to be. */
export function hostPrograms(name: string, programs: Readonly<Record<string, string>>): RpmFixture {
  const files: Record<string, FileFixture> = {};
  const add = (path: string, source: string): void => {
    files[path] = { content: readFileSync(source), mode: lstatSync(realpathSync(source)).mode & 0o7777 };
  };
  for (const [path, source] of Object.entries(programs)) {
    add(path, source);
    for (const library of librariesOf(source)) add(`/usr${library.replace(/^\/usr/, "")}`, library);
  }
  const directories = new Set(["/etc", "/var/lib", "/var/tmp", "/tmp", "/run"]);
  for (const path of Object.keys(files)) {
    for (let parent = dirname(path); parent !== "/"; parent = dirname(parent)) directories.add(parent);
  }
  for (const path of ["bin", "sbin", "lib", "lib64"]) {
    if (existsSync(`/${path}`) && lstatSync(`/${path}`).isSymbolicLink()) {
      files[`/${path}`] = { symlinkTo: readlinkSync(`/${path}`).replace(/^\/?/, "") };
      directories.add(`/usr/${path}`);
    }
  }
  const dirs = Object.fromEntries([...directories].map((path) => [path, {}]));
  return {
    name,
    payload: "w.ufdio",
    files,
    dirs: { ...dirs, "/var/tmp": { mode: 0o1777 }, "/tmp": { mode: 0o1777 } },
    provides: ["/bin/sh"],
  };
}

function librariesOf(program: string): readonly string[] {
  let text: string;
  try {
    text = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    // It is static.
    return [];
  }
  return [...text.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path = ""]) => path);
}
