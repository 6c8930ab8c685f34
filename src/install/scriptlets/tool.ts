/** Programs whose work is done here. */

/** What a program is given. Its exit code is returned. */
export interface ToolRun {
  readonly arguments: readonly string[];
  /** What it reads. */
  readonly input: string;
  /** Seconds since the epoch. */
  readonly now: number;
  /** Prints a line. */
  readonly say: (line: string) => void;
}
