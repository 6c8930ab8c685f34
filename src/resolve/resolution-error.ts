/** The error of a resolution, with its problems as data. */
import { RpmociError, type RpmociErrorOptions } from "../errors.js";
import type { ResolutionProblem } from "../model/explanation.js";

/** Its message and details say in words what `problems` has as data. */
export class ResolutionError extends RpmociError {
  readonly problems: readonly ResolutionProblem[];

  constructor(
    message: string,
    options: Omit<RpmociErrorOptions, "kind"> & { readonly problems: readonly ResolutionProblem[] },
  ) {
    super(message, { ...options, kind: "resolve" });
    this.problems = options.problems;
  }
}
