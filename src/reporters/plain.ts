/** Writes one line an event, for terminals and logs alike; a terminal also sees progress. */
import type { RpmociError, RpmociEvent } from "../index.js";
import { type Charset, charsetOf, withArrows } from "./charset.js";
import { megabytes, messageOfEvent, type Verbosity } from "./messages.js";
import { type Colour, continuationLine, statusLine } from "./status-line.js";

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

const RANK: Readonly<Record<Verbosity, number>> = { error: 0, warning: 1, status: 2, verbose: 3, debug: 4 };

export class PlainReporter {
  readonly #output: Output;
  readonly #verbosity: Verbosity;
  readonly #colours: boolean;
  readonly #charset: Charset;
  #progressShown = false;

  /** Colours are for terminals, and for those who did not set `NO_COLOR` (no-color.org). */
  constructor(output: Output, verbosity: Verbosity, environment: NodeJS.ProcessEnv) {
    this.#output = output;
    this.#verbosity = verbosity;
    this.#charset = charsetOf(environment);
    this.#colours = output.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
  }

  readonly emit = (event: RpmociEvent): void => {
    const message = messageOfEvent(event);
    if (message === null) this.#showProgress(event);
    else if (this.#shows(message.level)) {
      if (message.verb === "") this.#line(message.text);
      else this.#line(this.#status(message.verb, message.text, message.level === "warning" ? "yellow" : "green"));
    }
  };

  /** An error, its details and its hint; no stack. */
  error(error: Error): void {
    this.#line(this.#status("Error", error.message, "red"));
    const { details = [], hint } = error as Partial<RpmociError>;
    for (const detail of details) this.#line(continuationLine(withArrows(detail, this.#charset)));
    if (hint !== undefined) this.#line(this.#status("Hint", hint, "yellow"));
  }

  #shows(level: Verbosity): boolean {
    return RANK[level] <= RANK[this.#verbosity];
  }

  #status(verb: string, text: string, colour: Colour): string {
    return statusLine(verb, text, this.#colours ? colour : null);
  }

  #line(text: string): void {
    this.#output.write(`${this.#clearProgress()}${text}\n`);
  }

  #showProgress(event: RpmociEvent): void {
    if (this.#output.isTTY !== true || this.#verbosity !== "status") return;
    const text =
      event.type === "download-progress"
        ? `${event.done} of ${event.files} packages`
        : event.type === "layer-progress" || event.type === "copy-progress"
          ? `${megabytes(event.bytes)} of ${megabytes(event.total)}`
          : "";
    this.#output.write(`${this.#clearProgress()}${continuationLine(text)}`);
    this.#progressShown = true;
  }

  #clearProgress(): string {
    const clear = this.#progressShown ? "\r\u001b[K" : "";
    this.#progressShown = false;
    return clear;
  }
}
