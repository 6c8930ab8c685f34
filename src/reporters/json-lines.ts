/** Writes one JSON object a line, for programs. */
import { RpmociError, type RpmociEvent } from "../index.js";
import { messageOfEvent, shows, type Verbosity } from "./messages.js";
import { Interrupted, type Output, type Reporter } from "./reporter.js";

/**
 * Goes up when a member is renamed, removed, or changes its meaning. New types of events and new members may come
 * without that.
 */
export const SCHEMA_VERSION = 1;

export class JsonReporter implements Reporter {
  readonly #output: Output;
  readonly #verbosity: Verbosity;

  /** All events but those of the level `debug` are written by default. */
  constructor(output: Output, verbosity: Verbosity) {
    this.#output = output;
    this.#verbosity = verbosity === "status" ? "verbose" : verbosity;
  }

  readonly emit = (event: RpmociEvent): void => {
    if (shows(this.#verbosity, messageOfEvent(event)?.level ?? "status")) this.#write(event);
  };

  error(error: Error): void {
    const known = error instanceof RpmociError ? error : null;
    const otherwise = error instanceof Interrupted ? "interrupted" : "defect";
    this.#write({
      type: "error",
      kind: known?.kind ?? otherwise,
      code: known?.code ?? otherwise.toUpperCase(),
      message: error.message,
      hint: known?.hint ?? null,
      details: known?.details ?? [],
    });
  }

  end(): void {}

  #write(event: object): void {
    this.#output.write(`${JSON.stringify({ version: SCHEMA_VERSION, time: new Date().toISOString(), ...event })}\n`);
  }
}
