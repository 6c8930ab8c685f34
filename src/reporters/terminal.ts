/** Lines as `PlainReporter` writes them, and below them what is going on, drawn anew ten times a second. */
import { createLogUpdate } from "log-update";
import type { RpmociEvent } from "../index.js";
import { charsetOf } from "./charset.js";
import { shows, type Verbosity } from "./messages.js";
import { hasColours, PlainReporter } from "./plain.js";
import { ProgressView } from "./progress-view.js";
import type { Reporter } from "./reporter.js";

/** Milliseconds. */
const INTERVAL = 100;

const DEFAULT_SIZE = { columns: 80, rows: 24 } as const;

export class TerminalReporter implements Reporter {
  readonly #output: NodeJS.WriteStream;
  readonly #lines: PlainReporter;
  readonly #view: ProgressView;
  readonly #draw: ReturnType<typeof createLogUpdate>;
  readonly #shown: boolean;
  #drawn = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(output: NodeJS.WriteStream, verbosity: Verbosity, environment: NodeJS.ProcessEnv) {
    this.#output = output;
    // Hiding the cursor would take a handler of signals, to show it again.
    this.#draw = createLogUpdate(output, { showCursor: true });
    const write = (text: string): void => this.#above(text);
    this.#lines = new PlainReporter({ write, isTTY: true }, verbosity, environment, { codes: true });
    const style = { charset: charsetOf(environment), colours: hasColours({ write, isTTY: true }, environment) };
    this.#view = new ProgressView(style, () => performance.now());
    this.#shown = shows(verbosity, "status");
  }

  readonly emit = (event: RpmociEvent): void => {
    this.#view.hear(event);
    this.#lines.emit(event);
    if (!this.#shown) return;
    if (this.#view.active) this.#timer ??= setInterval(() => this.#redraw(), INTERVAL).unref();
    else this.end();
  };

  error(error: Error): void {
    this.end();
    this.#lines.error(error);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#erase();
  }

  #redraw(): void {
    const { columns = DEFAULT_SIZE.columns, rows = DEFAULT_SIZE.rows } = this.#output;
    const text = this.#view.lines(columns, rows).join("\n");
    if (text === this.#drawn) return;
    if (text === "") this.#erase();
    else this.#draw(text);
    this.#drawn = text;
  }

  #above(text: string): void {
    this.#erase();
    this.#output.write(text);
  }

  #erase(): void {
    if (this.#drawn !== "") this.#draw.clear();
    this.#drawn = "";
  }
}
