/** How fast a number grows. */

/** Milliseconds that are looked back. */
const WINDOW = 5000;
/** Milliseconds before anything can be said. */
const SHORTEST = 500;

export class Rate {
  readonly #samples: { readonly time: number; readonly value: number }[] = [];

  /** `time` in milliseconds, `value` never less than before. */
  add(time: number, value: number): void {
    this.#samples.push({ time, value });
    while ((this.#samples[1]?.time ?? time) < time - WINDOW) this.#samples.shift();
  }

  /** Null when it is not known yet. */
  perSecond(): number | null {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.time - first.time < SHORTEST) return null;
    return ((last.value - first.value) * 1000) / (last.time - first.time);
  }
}
