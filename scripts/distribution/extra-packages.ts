/** Packages that Debian does not have. */
import type { PackageRecipe } from "../packaging/recipe.js";
import { vendor } from "./conversion.js";
import { Draft } from "./draft.js";

/** Early in 2024; these packages change only with this file. */
const time = 1_704_067_200;

/** `/etc/os-release`, which rpmoci asks for unless it is told not to. */
export function osRelease(): PackageRecipe {
  const draft = new Draft([], [], time);
  const lines = {
    NAME: "rpmoci demo",
    PRETTY_NAME: "rpmoci demo 1",
    ID: "rpmocidemo",
    VERSION: "1",
    VERSION_ID: "1",
  };
  const text = Object.entries(lines).map(([name, value]) => `${name}="${value}"\n`);
  draft.file("/usr/lib/os-release", text.join(""));
  draft.symlink("/etc/os-release", "../usr/lib/os-release");
  draft.relate("Provides", "system-release = 1-1");
  return recipe("os-release", "1", "What this distribution is called", draft);
}

/** A site for nginx: what a user would build locally, and not sign. */
export function demoSite(): PackageRecipe {
  const draft = new Draft([], [], time);
  const server = ["server {", "  listen 8080;", "  server_name localhost;", "  root /usr/share/demo-site;", "}"];
  draft.directory("/usr/share/demo-site");
  draft.file("/usr/share/demo-site/index.html", "<!DOCTYPE html>\n<title>Demo</title>\n<p>Made of RPMs.\n");
  draft.file("/etc/nginx/conf.d/demo-site.conf", `${server.join("\n")}\n`, { marks: ["config(noreplace)"] });
  draft.relate("Requires", "nginx");
  return recipe("demo-site", "1.0", "A site to be served by nginx", draft);
}

function recipe(name: string, version: string, summary: string, draft: Draft): PackageRecipe {
  return {
    name,
    version,
    release: "1",
    arch: "noarch",
    summary,
    license: "Apache-2.0",
    vendor,
    relations: draft.relations,
    scriptlets: [],
    entries: [...draft.entries.values()],
    sourceDateEpoch: time,
  };
}
