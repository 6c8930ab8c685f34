/** Which of several mirrors a file is fetched from: as many files at a time as a host is asked for, from the fastest. */

/** As librepo's and dnf's `max_downloads_per_mirror`. */
const DOWNLOADS_PER_MIRROR = 3;

/** So many failures in a row, and a host passes for down: one alone may be a file that it does not have. */
const FAILURES_OF_DOWN = 2;

interface Host {
  active: number;
  /** In a row. */
  failures: number;
  /** Bytes a second of the latest files, over one connection; null before the first. */
  rate: number | null;
}

/** What one run has learnt about hosts. */
export class MirrorChoice {
  readonly #hosts = new Map<string, Host>();

  /**
   * The best of `urls`: of the hosts that are up, of those of them that are not busy, the fastest; of hosts that nothing
   * is known about, the first. Throws for none.
   */
  best(urls: readonly string[]): string {
    const ranked = urls.map((url) => ({ url, ...this.#hostOf(url) }));
    const down = ({ failures }: Host): number => (failures < FAILURES_OF_DOWN ? 0 : failures);
    const busy = ({ active }: Host): number => (active < DOWNLOADS_PER_MIRROR ? 0 : active);
    const [first] = ranked.sort((a, b) => down(a) - down(b) || busy(a) - busy(b) || (b.rate ?? 0) - (a.rate ?? 0));
    if (first === undefined) throw new Error("there is no mirror to choose");
    return first.url;
  }

  /** Fetches from `url` and learns from it; `fetch` gives the file's size in bytes. */
  async use<T extends { readonly size: number }>(url: string, fetch: () => Promise<T>): Promise<T> {
    const host = this.#hostOf(url);
    const start = performance.now();
    host.active += 1;
    try {
      const result = await fetch();
      const rate = result.size / ((performance.now() - start + 1) / 1000);
      host.failures = 0;
      host.rate = host.rate === null ? rate : (host.rate + rate) / 2;
      return result;
    } catch (error) {
      host.failures += 1;
      throw error;
    } finally {
      host.active -= 1;
    }
  }

  #hostOf(url: string): Host {
    const name = URL.canParse(url) ? new URL(url).host : url;
    const host = this.#hosts.get(name) ?? { active: 0, failures: 0, rate: null };
    this.#hosts.set(name, host);
    return host;
  }
}
