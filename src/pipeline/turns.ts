/** Work on one thing, one piece at a time, in the order in which it was asked for. */

export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  readonly #waiting = new Set<(reason: unknown) => void>();

  /**
   * Runs `work` when all that was asked for before has ended. Rejects at once with the reason of `signal`, or of `end`:
   * work that has not begun then never does, and the outcome of work that has is dropped.
   */
  take<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      let given = false;
      const settle = (act: () => void): void => {
        given = true;
        this.#waiting.delete(give);
        signal?.removeEventListener("abort", abort);
        act();
      };
      const give = (reason: unknown): void => settle(() => reject(reason));
      const abort = (): void => give(signal?.reason);
      this.#waiting.add(give);
      signal?.addEventListener("abort", abort);
      const run = async (): Promise<void> => {
        if (given) return;
        await work().then(
          (value) => settle(() => resolve(value)),
          (error) => give(error),
        );
      };
      this.#last = this.#last.then(run);
    });
  }

  /** Rejects all that waits or runs; returns when what runs has ended. */
  async end(reason: unknown): Promise<void> {
    for (const give of [...this.#waiting]) give(reason);
    await this.#last;
  }
}
