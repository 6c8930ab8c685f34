/** Tells how far downloads have come, by what their files hold: the threads that write them are not asked. */
import { stat } from "node:fs/promises";
import type { Emit } from "../events.js";

/** Milliseconds. */
const INTERVAL = 200;

export interface Transfer {
  readonly what: string;
  /** Bytes, when they are known. */
  readonly size: number | undefined;
  /** The file that is written. */
  readonly path: string;
}

export class TransferProgress {
  readonly #running = new Map<number, string>();
  #timer: NodeJS.Timeout | undefined;
  #count = 0;

  constructor(private readonly emit: Emit) {}

  /** Tells of the transfer while `perform` runs, and resolves and rejects as that does. */
  async watch<T>({ what, size, path }: Transfer, perform: () => Promise<T>): Promise<T> {
    this.#count += 1;
    const id = this.#count;
    this.#running.set(id, path);
    this.#timer ??= setInterval(() => void this.#look(), INTERVAL);
    this.emit({ type: "transfer-started", id, what, bytes: size });
    let succeeded = false;
    try {
      const result = await perform();
      succeeded = true;
      return result;
    } finally {
      this.#running.delete(id);
      if (this.#running.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
      this.emit({ type: "transfer-finished", id, succeeded });
    }
  }

  async #look(): Promise<void> {
    for (const [id, path] of [...this.#running]) {
      const received = (await stat(path).catch(() => null))?.size;
      if (received !== undefined && this.#running.has(id)) this.emit({ type: "transfer-progress", id, received });
    }
  }
}
