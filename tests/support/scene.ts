/** A user's folder with a manifest, a repository behind HTTP, and the real command line to run there. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { parse, stringify, type TomlTable } from "smol-toml";
import { type ServerOptions, startServer, type TestServer } from "./http-server.js";
import { buildRepository, indexRepository, type RepositoryFixtureOptions } from "./repository-fixture.js";
import type { RpmFixture } from "./rpm-fixture.js";
import { type RunOptions, type RunResult, rpmoci } from "./run.js";
import { type SigningKey, signDetached, testKey, writePublicKey } from "./signing-key.js";
import { temporaryDirectory } from "./temporary-directory.js";
import { tinyPackages } from "./tiny-distribution.js";

export interface SceneOptions {
  /** Names in `tinyPackages`, or fixtures; all of `tinyPackages` if absent. */
  readonly packages?: readonly (string | RpmFixture)[];
  readonly repository?: RepositoryFixtureOptions;
  readonly server?: Partial<ServerOptions>;
  /** Packages are signed by it unless it is null. */
  readonly key?: SigningKey | null;
}

export interface SceneRunOptions extends RunOptions {
  readonly reuse?: boolean;
}

export interface Contents {
  readonly archs?: readonly string[];
  readonly repositories?: readonly unknown[];
  readonly packages?: readonly string[];
  readonly gpgkeys?: readonly string[];
  readonly releasever?: string;
  readonly docs?: boolean;
  readonly os_release?: boolean;
  readonly langs?: readonly string[];
  readonly exclude?: readonly string[];
  readonly remove_files?: readonly string[];
  readonly require_signed?: boolean;
}

export class Scene {
  private constructor(
    /** The folder that the command line runs in. */
    readonly directory: string,
    /** The folder that the server offers as `/repo`. */
    readonly repository: string,
    readonly server: TestServer,
    readonly key: SigningKey,
  ) {}

  static async create(t: TestContext, options: SceneOptions = {}): Promise<Scene> {
    const base = temporaryDirectory(t);
    const [directory, repository, keys] = ["user", "repo", "keys"].map((name) => join(base, name)) as [
      string,
      string,
      string,
    ];
    mkdirSync(directory);
    mkdirSync(keys);
    const key = options.key ?? (await testKey("tiny"));
    const packages = (options.packages ?? Object.keys(tinyPackages)).map(fixtureOf);
    const signing = options.key === null ? {} : { key };
    await buildRepository(repository, packages, { ...signing, ...options.repository });
    writePublicKey(key, keys);
    const server = await startServer({ folders: { "/repo": repository, "/keys": keys }, ...options.server });
    t.after(() => server.close());
    return new Scene(directory, repository, server, key);
  }

  /** A scene with an image of the default manifest, its lockfile, and all packages in the cache. */
  static async built(t: TestContext): Promise<Scene> {
    const scene = await Scene.create(t);
    scene.writeManifest();
    const { code, stderr } = await scene.build();
    if (code !== 0) throw new Error(`the build ended with ${code}:\n${stderr}`);
    return scene;
  }

  get repositoryUrl(): string {
    return `${this.server.url}/repo`;
  }

  get keyUrl(): string {
    return `${this.server.url}/keys/RPM-GPG-KEY-${this.key.fingerprint.slice(-8)}.asc`;
  }

  get layout(): string {
    return join(this.directory, "image");
  }

  get lockfilePath(): string {
    return join(this.directory, "rpmoci.lock");
  }

  path(...names: readonly string[]): string {
    return join(this.directory, ...names);
  }

  /** Writes `rpmoci.toml` with the scene's repository and key where `contents` has none. */
  writeManifest(contents: Contents = {}, image: TomlTable = {}, name = "rpmoci.toml"): void {
    const defaults = {
      repositories: [{ id: "tiny", url: this.repositoryUrl }],
      gpgkeys: [this.keyUrl],
      packages: ["app"],
    };
    writeFileSync(
      this.path(name),
      stringify({ contents: { ...defaults, ...contents }, image } as unknown as TomlTable),
    );
  }

  /** Adds packages to the repository, or replaces them, and renews its metadata. */
  async publish(packages: readonly (string | RpmFixture)[], options: RepositoryFixtureOptions = {}): Promise<void> {
    await buildRepository(this.repository, packages.map(fixtureOf), { key: this.key, ...options });
  }

  async reindex(): Promise<void> {
    await indexRepository(this.repository);
  }

  /** The path of the repository's repomd.xml. */
  get repomd(): string {
    return join(this.repository, "repodata", "repomd.xml");
  }

  /** Writes the repomd.xml.asc that goes with the repomd.xml that is there. */
  async signMetadata(key = this.key): Promise<void> {
    writeFileSync(`${this.repomd}.asc`, await signDetached(key, readFileSync(this.repomd)));
  }

  /**
   * Runs `rpmoci` in the folder, with a cache of the scene's own. Repositories are asked for their metadata each time,
   * and everything is built anew, unless `reuse` leaves that to the command.
   */
  run(args: readonly string[], { reuse = false, ...options }: SceneRunOptions = {}): Promise<RunResult> {
    const anew = reuse ? [] : (ANEW[args[0] ?? ""] ?? []);
    const env = {
      XDG_CACHE_HOME: join(this.directory, "..", "cache"),
      SOURCE_DATE_EPOCH: "1720000000",
      ...options.env,
    };
    return rpmoci([...args, ...anew], { cwd: this.directory, timeout: 120_000, ...options, env });
  }

  /** `rpmoci build` into `image` under the tag `test`. */
  build(args: readonly string[] = [], options: SceneRunOptions = {}): Promise<RunResult> {
    return this.run(["build", "--image", "image", "--tag", "test", ...args], options);
  }

  lockfile(): TomlTable & { readonly packages: readonly LockEntry[] } {
    return parse(readFileSync(this.lockfilePath, "utf8")) as unknown as TomlTable & { packages: LockEntry[] };
  }

  lockedNames(): readonly string[] {
    return this.lockfile().packages.map(({ name }) => name);
  }

  hasLockfile(): boolean {
    return existsSync(this.lockfilePath);
  }
}

/** What makes a command do all of its work, whatever is there. */
const ANEW: Readonly<Record<string, readonly string[]>> = { build: ["--refresh", "--no-cache"], update: ["--refresh"] };

export interface LockEntry {
  readonly name: string;
  readonly evr: string;
  readonly arch: string;
  readonly repoid: string;
  readonly location: string;
  readonly checksum: { readonly algorithm: string; readonly checksum: string };
  readonly signed_by?: string;
  readonly sha256?: string;
}

function fixtureOf(entry: string | RpmFixture): RpmFixture {
  if (typeof entry !== "string") return entry;
  const fixture = tinyPackages[entry];
  if (fixture === undefined) throw new Error(`there is no tiny package ${entry}`);
  return fixture;
}
