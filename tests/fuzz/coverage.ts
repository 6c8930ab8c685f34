/** Which blocks of our own code have run, as V8 counts them. */
import { Session } from "node:inspector/promises";

const OWN_CODE = /^file:.*\/build\/js\/src\/(destination|layout|lockfile|manifest|model|registry|repository)\//;

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

/** Counts in this thread from its start on. */
export class Coverage {
  readonly #session = new Session();
  /** Where blocks start, by the script's URL: V8 tells of a block only when it ran more or less often than what is around. */
  readonly #starts = new Map<string, Set<number>>();
  readonly #seen = new Set<string>();

  static async start(): Promise<Coverage> {
    const coverage = new Coverage();
    coverage.#session.connect();
    await coverage.#session.post("Profiler.enable");
    await coverage.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
    return coverage;
  }

  /** Whether a block has run since the last call, and at no time before `countNew` was last called. */
  async hasNew(): Promise<boolean> {
    return (await this.#take()).some((block) => !this.#seen.has(block));
  }

  /** The number of blocks that have run since the last call, and at no time before. */
  async countNew(): Promise<number> {
    const before = this.#seen.size;
    for (const block of await this.#take()) this.#seen.add(block);
    return this.#seen.size - before;
  }

  /** The blocks that have run since the last call. */
  async #take(): Promise<readonly string[]> {
    const { result } = await this.#session.post("Profiler.takePreciseCoverage");
    return result
      .filter(({ url }) => OWN_CODE.test(url))
      .flatMap(({ url, functions }) => {
        const ranges = functions.flatMap((part) => part.ranges);
        const starts = this.#starts.get(url) ?? new Set();
        this.#starts.set(url, starts);
        for (const { startOffset, endOffset } of ranges) {
          starts.add(startOffset);
          starts.add(endOffset);
        }
        return [...starts].filter((start) => countAt(start, ranges) > 0).map((start) => `${url}:${start}`);
      });
  }

  get size(): number {
    return this.#seen.size;
  }
}

/** Of the innermost range. */
function countAt(offset: number, ranges: readonly Range[]): number {
  let innermost: Range | null = null;
  for (const range of ranges) {
    if (range.startOffset > offset || range.endOffset <= offset) continue;
    if (innermost === null || range.endOffset - range.startOffset < innermost.endOffset - innermost.startOffset) {
      innermost = range;
    }
  }
  return innermost?.count ?? 0;
}
