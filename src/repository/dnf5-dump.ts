/** What `dnf5 --dump-repo-config` prints: every option of a repository, those that nobody has set among them. */

/** dnf's defaults of the options that are honoured; they must not pass for the system's wish. */
const DEFAULTS: Readonly<Record<string, string>> = {
  cost: "1000",
  countme: "0",
  enablegroups: "1",
  gpgcheck: "0",
  ip_resolve: "whatever",
  metadata_expire: "172800",
  minrate: "1000",
  module_hotfixes: "0",
  pkg_gpgcheck: "0",
  priority: "99",
  proxy_auth_method: "any",
  proxy_sslverify: "1",
  repo_gpgcheck: "0",
  retries: "10",
  skip_if_unavailable: "0",
  sslverify: "1",
  sslverifystatus: "0",
  timeout: "30",
};

/** The options by repository id, without those that have dnf's default or no value. */
export function parseDumpedOptions(output: string): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const repositories = new Map<string, Record<string, string>>();
  let options: Record<string, string> = {};
  for (const line of output.split("\n")) {
    const id = line.match(/^=+ "(.*)" repository configuration: =+$/)?.[1];
    if (id !== undefined) {
      options = {};
      repositories.set(id, options);
    }
    const [, name, value] = line.match(/^(\w+) = (.*)$/) ?? [];
    if (name !== undefined && value !== undefined && value !== "" && value !== DEFAULTS[name]) options[name] = value;
  }
  return repositories;
}
