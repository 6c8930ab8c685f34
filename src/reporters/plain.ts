/** Writes one line an event, for terminals and logs alike. */
import type { RpmociError, RpmociEvent } from "../index.js";
import { type Charset, charsetOf, withArrows } from "./charset.js";
import { messageOfEvent, shows, type Verbosity } from "./messages.js";
import type { Output, Reporter } from "./reporter.js";
import { type Colour, continuationLine, statusLine } from "./status-line.js";

export class PlainReporter implements Reporter {
  readonly #output: Output;
  readonly #verbosity: Verbosity;
  readonly #colours: boolean;
  readonly #charset: Charset;
  readonly #codes: boolean;

  /** Colours are for terminals, and for those who did not set `NO_COLOR` (no-color.org). */
  constructor(output: Output, verbosity: Verbosity, environment: NodeJS.ProcessEnv, { codes = false } = {}) {
    this.#output = output;
    this.#verbosity = verbosity;
    this.#charset = charsetOf(environment);
    this.#codes = codes || shows(verbosity, "verbose");
    this.#colours = hasColours(output, environment);
  }

  readonly emit = (event: RpmociEvent): void => {
    const message = messageOfEvent(event);
    if (message === null || !shows(this.#verbosity, message.level)) return;
    if (message.verb === "") this.#line(message.text);
    else this.#line(this.#status(message.verb, message.text, message.level === "warning" ? "yellow" : "green"));
  };

  /** An error, its details and its hint, and its code where there is room for it; no stack. */
  error(error: Error): void {
    this.#line(this.#status("Error", error.message, "red"));
    const { details = [], hint, code } = error as Partial<RpmociError>;
    for (const detail of details) this.#line(continuationLine(withArrows(detail, this.#charset)));
    if (hint !== undefined) this.#line(this.#status("Hint", hint, "yellow"));
    if (code !== undefined && this.#codes)
      this.#line(this.#status("Code", `${code} (rpmoci explain ${code})`, "yellow"));
  }

  end(): void {}

  #status(verb: string, text: string, colour: Colour): string {
    return statusLine(verb, text, this.#colours ? colour : null);
  }

  #line(text: string): void {
    this.#output.write(`${text}\n`);
  }
}

export function hasColours(output: Output, environment: NodeJS.ProcessEnv): boolean {
  return output.isTTY === true && !environment.NO_COLOR && environment.TERM !== "dumb";
}
