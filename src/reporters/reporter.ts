/** What the command line reports to. */
import type { Emit } from "../index.js";

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

export interface Reporter {
  readonly emit: Emit;
  /** Tells of the error that ends the command. */
  error(error: Error): void;
  /** Leaves the terminal to others: before results are written, and at the end. Idempotent. */
  end(): void;
}

/** The user has stopped the command. */
export class Interrupted extends Error {
  constructor() {
    super("interrupted");
  }
}
