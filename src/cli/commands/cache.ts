import { Command, Option } from "clipanion";
import { type CacheOptions, cacheEntries, pruneCache, RpmociError, verifyCache } from "../../index.js";
import { cacheText, damagedText, removedText } from "../../reporters/cache-text.js";
import { CACHE_DIRECTORY, RpmociCommand } from "../command.js";
import { CACHE_DAMAGED } from "../exit-codes.js";

abstract class CacheCommand extends RpmociCommand {
  cacheDirectory = Option.String("--cache-dir", { description: CACHE_DIRECTORY });
  json = Option.Boolean("--json", false, { description: "Write JSON" });

  protected get cacheOptions(): CacheOptions {
    const { cacheDirectory } = this;
    return { cacheDirectory };
  }

  protected write(data: unknown, text: string): void {
    if (this.json) this.printJson(data);
    else this.print(text);
  }
}

export class CacheLsCommand extends CacheCommand {
  static override paths = [["cache", "ls"]];
  static override usage = Command.Usage({
    category: "Cache",
    description: "List the packages in the cache",
    details: `
      Lists the packages of earlier runs, each with its size, the day when it was used last, and its checksum; those that
      were not used for longest come first. Below, how much there is of everything. A layer that an image layout has as
      well takes no space of its own.
    `,
  });

  protected async run(): Promise<number> {
    const entries = await cacheEntries(this.cacheOptions);
    this.write(entries, cacheText(entries));
    return 0;
  }
}

export class CacheVerifyCommand extends CacheCommand {
  static override paths = [["cache", "verify"]];
  static override usage = Command.Usage({
    category: "Cache",
    description: "Check what is in the cache, and remove what is damaged",
    details: `
      Reads all downloads and layers. What is not what its checksum says is removed, so that it is fetched or made again
      when it is needed; the exit code is then ${CACHE_DAMAGED}. Builds verify what they take from the cache in any case.
    `,
  });

  protected async run(): Promise<number> {
    const damaged = await verifyCache(this.cacheOptions);
    this.write(damaged, damagedText(damaged));
    return damaged.length === 0 ? 0 : CACHE_DAMAGED;
  }
}

const DAY = 24 * 60 * 60 * 1000;
const DEFAULT_AGE = 30;

export class CachePruneCommand extends CacheCommand {
  static override paths = [["cache", "prune"]];
  static override usage = Command.Usage({
    category: "Cache",
    description: "Remove from the cache what was not used for long",
    details: `
      Removes what was not used for \`--max-age\` days, and then what was not used for longest until the rest takes no more
      than \`--max-size\`; with neither, what was not used for ${DEFAULT_AGE} days. Also what killed processes left. Nothing
      is removed while another rpmoci uses the cache.
    `,
    examples: [
      ["Keep 2 GiB of what was used last", "rpmoci cache prune --max-size 2G"],
      ["Empty the cache", "rpmoci cache prune --max-size 0"],
    ],
  });

  maxSize = Option.String("--max-size", { description: "Bytes, or with K, M, G or T for KiB to TiB" });
  maxAge = Option.String("--max-age", { description: "Days" });
  dryRun = Option.Boolean("--dry-run", false, { description: "Say what would be removed, and remove nothing" });

  protected async run(): Promise<number> {
    const { dryRun } = this;
    const maxSize = this.maxSize === undefined ? undefined : parseSize(this.maxSize);
    const days = this.maxAge ?? (maxSize === undefined ? String(DEFAULT_AGE) : undefined);
    const maxAge = days === undefined ? undefined : parseDays(days) * DAY;
    const removed = await pruneCache({ ...this.cacheOptions, maxSize, maxAge, dryRun });
    this.write(removed, removedText(removed, { dryRun }));
    return 0;
  }
}

const UNITS = ["", "K", "M", "G", "T"];

function parseSize(text: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?)([KMGT]?)(?:iB)?$/i.exec(text) ?? [];
  if (digits !== undefined) return Number(digits) * 1024 ** UNITS.indexOf(unit.toUpperCase());
  throw new RpmociError(`--max-size: '${text}' is not a size such as 500M or 2G`, {
    kind: "usage",
    code: "SIZE_INVALID",
  });
}

function parseDays(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new RpmociError(`--max-age: '${text}' is not a number of days`, { kind: "usage", code: "AGE_INVALID" });
}
