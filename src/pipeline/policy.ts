/** The manifest's `[policy]`: what is violated, by which package, and how that comes into the image. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import pMap from "p-map";
import { RpmociError } from "../errors.js";
import { chainsTo, type ExplainedChain } from "../explain/chains.js";
import { urlsAt } from "../fetch/packages.js";
import type { LockedPackage, Lockfile } from "../model/lockfile.js";
import type { Manifest } from "../model/manifest.js";
import { formatNevra } from "../model/nevra.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";
import {
  needsHeaders,
  type PackageFacts,
  type Violation,
  violationsOfImage,
  violationsOfLock,
  violationsOfPackages,
} from "../policy/rules.js";
import { describeRequest } from "../resolve/explain.js";
import { graphOfLock, type LockedGraph } from "./locked-graph.js";
import type { Context } from "./options.js";
import { headerEnd, startOfPackage } from "./package-start.js";
import type { RepositoryResolver } from "./resolver.js";
import { withWorkDirectory } from "./work-directory.js";

const PARALLEL_READS = 8;

/** Of one build or update. What it finds is an `RpmociError` of kind `policy` that names the chains to the packages. */
export class PolicyGate {
  constructor(
    private readonly manifest: Manifest,
    private readonly lock: Lockfile,
    private readonly context: Context,
  ) {}

  /** `fresh`: the lockfile was made a moment ago. */
  async checkLock(fresh: boolean): Promise<void> {
    await this.#refuse(violationsOfLock(this.manifest.policy, this.lock, fresh));
  }

  /** By the headers of RPM files. */
  async checkFiles(paths: readonly string[]): Promise<void> {
    if (!needsHeaders(this.manifest.policy)) return;
    await this.#checkFacts(await nativeCall(binding().readPackages(paths, [])));
  }

  /** By the beginnings of the locked packages, and by the local RPMs. Throws of kind `fetch` for what cannot be had. */
  async checkLockedPackages(resolver: RepositoryResolver, localPaths: readonly string[]): Promise<void> {
    if (!needsHeaders(this.manifest.policy)) return;
    await withWorkDirectory(async (scratch) => {
      const paths = await pMap(
        this.lock.packages,
        async (locked, index) => {
          const path = join(scratch, `${index}.rpm`);
          await writeFile(path, await headerOf(locked, resolver));
          return path;
        },
        { concurrency: PARALLEL_READS },
      );
      await this.#checkFacts(await nativeCall(binding().readPackages([...paths, ...localPaths], [])));
    });
  }

  /** `bytes` are those of the layers' blobs. */
  async checkImage(bytes: number): Promise<void> {
    await this.#refuse(violationsOfImage(this.manifest.policy, bytes));
  }

  async #checkFacts(facts: readonly PackageFacts[]): Promise<void> {
    await this.#refuse(violationsOfPackages(this.manifest.policy, facts));
  }

  async #refuse(violations: readonly Violation[]): Promise<void> {
    const [first] = violations;
    if (first === undefined) return;
    const graph = violations.some(({ packageName }) => packageName !== null) ? await this.#graph() : null;
    const chains = violations.map((violation) => chainLines(violation, graph));
    const details = violations.flatMap(({ message }, index) => [
      ...(index === 0 ? [] : [message]),
      ...(chains[index] ?? []),
    ]);
    throw new RpmociError(first.message, {
      kind: "policy",
      code: "POLICY_VIOLATED",
      hint: `leave out of ${this.manifest.path} what asks for it, or change [policy] there`,
      details,
    });
  }

  /** Null where the repositories do not tell: the violation counts all the same. */
  async #graph(): Promise<LockedGraph | null> {
    try {
      return await graphOfLock(this.manifest, this.lock, null, { ...this.context, refresh: false, emit: () => {} });
    } catch (error) {
      if (error instanceof RpmociError) return null;
      throw error;
    }
  }
}

function chainLines({ packageName }: Violation, graph: LockedGraph | null): readonly string[] {
  if (packageName === null || graph === null) return [];
  const index = graph.graph.packages.findIndex(({ name }) => name === packageName);
  const { chains } = chainsTo(graph.graph, index, { all: false, limit: 1 });
  return chains.map((chain) => `  asked for by ${chainText(chain)}`);
}

function chainText({ request, links }: ExplainedChain): string {
  const labels = links.map(({ package: { name, evr, arch } }) =>
    evr === null ? name : formatNevra({ name, evr, arch: arch ?? undefined }),
  );
  return [describeRequest(request), ...labels].join(" \u2192 ");
}

async function headerOf(locked: LockedPackage, { repositories, transport }: RepositoryResolver): Promise<Buffer> {
  const { repositoryId, location } = locked;
  const what = `the header of package ${formatNevra(locked)} from repository "${repositoryId}"`;
  const transfer = repositories.transferOf(repositoryId);
  const urls =
    location === undefined
      ? await repositories.locate(locked)
      : urlsAt(location, await repositories.baseUrlsOf(repositoryId));
  const read = (count: number): Promise<Buffer> => transport.readStart(urls, count, what, transfer);
  return startOfPackage(transport.pathOf(locked.checksum), read, headerEnd);
}
