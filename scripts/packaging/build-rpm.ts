/** Makes RPMs of recipes with rpmbuild: no root needed, and the same recipe gives the same bytes. */
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { runCommand } from "./command.js";
import { type Entry, type PackageRecipe, rpmFileName } from "./recipe.js";
import { specFile } from "./spec-file.js";

export interface BuildDirectories {
  /** For temporary files; a folder is made inside, and removed. */
  readonly work: string;
  /** Where the RPM goes. */
  readonly output: string;
}

/**
 * Builds one unsigned RPM and returns its path. The file appears complete or not at all. The bytes depend on the recipe
 * and on rpm's version, not on the host, the user or the time.
 */
export async function buildRpm(recipe: PackageRecipe, directories: BuildDirectories): Promise<string> {
  const work = mkdtempSync(join(directories.work, "rpmbuild-"));
  try {
    const buildRoot = join(work, "root");
    placeEntries(recipe, buildRoot);
    const spec = join(work, "package.spec");
    writeFileSync(spec, specFile(recipe));
    writeFileAttributes(join(work, "fileattrs"), recipe);
    await runCommand("rpmbuild", ["-bb", "--noclean", "--buildroot", buildRoot, ...defines(recipe, work), spec], {
      cwd: work,
      // HOME keeps ~/.rpmmacros out.
      env: { SOURCE_DATE_EPOCH: String(recipe.sourceDateEpoch), HOME: work },
    });
    const result = join(directories.output, rpmFileName(recipe));
    const built = join(work, "output", rpmFileName(recipe));
    utimesSync(built, recipe.sourceDateEpoch, recipe.sourceDateEpoch);
    renameSync(built, result);
    return result;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function defines(recipe: PackageRecipe, work: string): string[] {
  const macros: Record<string, string> = {
    _topdir: work,
    _rpmdir: join(work, "output"),
    _rpmfilename: "%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
    _dbpath: join(work, "rpmdb"),
    _tmppath: work,
    _buildhost: "distribution.invalid",
    _fileattrsdir: join(work, "fileattrs"),
    _binary_payload: recipe.payload ?? "w1.zstdio",
    _build_id_links: "none",
    _missing_build_ids_terminate_build: "0",
    _binaries_in_noarch_packages_terminate_build: "0",
    _invalid_encoding_terminates_build: "0",
    _unpackaged_files_terminate_build: "0",
    _use_internal_dependency_generator: "1",
    use_source_date_epoch_as_buildtime: "1",
    clamp_mtime_to_source_date_epoch: "1",
    // The folders below which rpm marks all files as documentation by itself; the recipe has marks of its own, and a
    // licence that were both would be left out along with the documentation.
    __docdir_path: "%{nil}",
    __os_install_post: "%{nil}",
    __check_files: "%{nil}",
    debug_package: "%{nil}",
    _changelog_trimtime: "0",
    optflags: "-O2",
    ...(recipe.elfIgnored === undefined ? {} : { __requires_exclude_from: recipe.elfIgnored }),
  };
  const args = Object.entries(macros).flatMap(([name, value]) => ["--define", `${name} ${value}`]);
  // What the host's distribution would put into each package.
  for (const name of ["vendor", "distribution", "packager", "disttag", "bugurl", "dist"]) args.push("--undefine", name);
  return recipe.arch === "noarch" ? args : [...args, "--target", `${recipe.arch}-linux`];
}

/** The rules of the dependency generators: ELF's or one that never matches, as rpmbuild insists on having some. */
function writeFileAttributes(directory: string, recipe: PackageRecipe): void {
  mkdirSync(directory);
  const elfRule = [
    "%__elf_provides %{_rpmconfigdir}/elfdeps --provides",
    "%__elf_requires %{_rpmconfigdir}/elfdeps --requires",
    // rpm's own rule looks at executable files only; Debian's libraries are not executable.
    "%__elf_magic ^(setuid,? )?(setgid,? )?(sticky )?ELF (32|64)-bit.*$",
  ];
  if (recipe.elfRelations === true) writeFileSync(join(directory, "elf.attr"), `${elfRule.join("\n")}\n`);
  else writeFileSync(join(directory, "none.attr"), "%__none_path ^$\n");
}

/** Writes the entries below `root`. Owners and modes are the file list's concern. */
function placeEntries(recipe: PackageRecipe, root: string): void {
  mkdirSync(root);
  const made = new Set<string>();
  const makeParent = (path: string): void => {
    const parent = dirname(path);
    if (made.has(parent)) return;
    mkdirSync(parent, { recursive: true });
    made.add(parent);
  };
  // Directories first: a package need not list a directory before what is in it. Hard links last.
  const order = { directory: 0, file: 1, symlink: 2, hardlink: 3 };
  const entries = [...recipe.entries].sort((a, b) => order[a.type] - order[b.type]);
  for (const entry of entries) {
    const path = join(root, entry.path);
    makeParent(path);
    placeEntry(entry, path, root);
  }
  // Times last, since writing into a directory changes its own.
  for (const entry of entries) {
    const time = Math.min(entry.mtime, recipe.sourceDateEpoch);
    lutimesSync(join(root, entry.path), time, time);
  }
}

function placeEntry(entry: Entry, path: string, root: string): void {
  switch (entry.type) {
    case "directory":
      mkdirSync(path, { recursive: true });
      return;
    case "file":
      writeFileSync(path, entry.content, { flag: "wx" });
      // The build has to read it, whatever the package's mode is.
      chmodSync(path, (entry.mode & 0o777) | 0o600);
      return;
    case "symlink":
      symlinkSync(entry.target, path);
      return;
    case "hardlink":
      linkSync(join(root, entry.target), path);
  }
}
