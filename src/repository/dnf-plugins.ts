/** Whether plugins of the host's dnf may change a repository's definition. */
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseIni } from "./ini.js";
import { parseList } from "./options.js";
import type { DnfConfiguration } from "./system.js";

/** Absolute; undefined where the configuration leaves them to dnf. */
export interface PluginDirectories {
  readonly pluginpath: readonly string[] | undefined;
  readonly pluginconfpath: readonly string[] | undefined;
}

export function pluginDirectories({ main }: DnfConfiguration, root: string): PluginDirectories {
  const directories = (option: string): readonly string[] | undefined =>
    main[option] === undefined ? undefined : parseList(main[option]).map((path) => join(root, path));
  return { pluginpath: directories("pluginpath"), pluginconfpath: directories("pluginconfpath") };
}

/** True when a plugin of dnf 4 or dnf 5 is installed, and neither it nor all of them are turned off. */
export async function hasPlugins(configuration: DnfConfiguration, root: string): Promise<boolean> {
  if (/^(0|no|false|off)$/i.test(configuration.main.plugins ?? "")) return false;
  const { pluginpath, pluginconfpath = [join(root, "etc/dnf/plugins")] } = pluginDirectories(configuration, root);
  for (const directory of pluginpath ?? (await pythonDirectories(root))) {
    for (const name of await namesWith(directory, ".py")) {
      if (await isEnabled(basename(name, ".py"), pluginconfpath)) return true;
    }
  }
  const libraries = await Promise.all(
    (await namesWith(join(root, "usr"), "", /^lib/)).map((name) =>
      namesWith(join(root, "usr", name, "libdnf5/plugins"), ".so"),
    ),
  );
  return libraries.flat().length > 0;
}

/** Where distributions put the plugins of dnf 4: below their python's packages. */
async function pythonDirectories(root: string): Promise<readonly string[]> {
  const libraries = await namesWith(join(root, "usr/lib"), "", /^python3/);
  return libraries.flatMap((name) =>
    ["site-packages", "dist-packages"].map((packages) => join(root, "usr/lib", name, packages, "dnf-plugins")),
  );
}

async function isEnabled(plugin: string, directories: readonly string[]): Promise<boolean> {
  for (const directory of directories) {
    for (const name of [plugin, plugin.replaceAll("_", "-")]) {
      const text = await readFile(join(directory, `${name}.conf`), "utf8").catch(() => "");
      if (/^(0|no|false|off)$/i.test(parseIni(text).get("main")?.enabled ?? "")) return false;
    }
  }
  return true;
}

async function namesWith(directory: string, extension: string, pattern = /^/): Promise<readonly string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => name.endsWith(extension) && pattern.test(name));
}
