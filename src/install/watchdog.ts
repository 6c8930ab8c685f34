/** Stops a transaction that hangs, or that is about to fill the disk. */
import { statfs } from "node:fs/promises";
import { RpmociError } from "../errors.js";
import { DISK_FULL_HINT, LOG_LINES } from "./setting.js";

/** Both engines tell what they do next in lines that begin so; dnf 5 counts them in front. */
const STEP = /^\s*(?:\[\s*\d+\/\d+\]\s*)?(?:Preparing|Installing|Running|Verifying|Erasing)\b/;

/** Other programs need the disk, too: so much of it stays free. */
const RESERVE = { bytes: 256 * 2 ** 20, share: 0.02 } as const;

/** As when the directory is gone. */
const UNKNOWN_DISK = { bsize: 1, blocks: 0, bavail: 1 } as const;

/** Milliseconds. */
const INTERVAL = 100;

const TIMEOUT_HINT = "--scriptlet-timeout gives it more time";

export interface WatchdogOptions {
  /** Seconds that a step may take; 0 for as long as it likes. */
  readonly limit: number;
  /** On the disk that is filled; it exists. */
  readonly directory: string;
}

export class Watchdog {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #step = "the start";
  #began = Date.now();
  #log: readonly string[] = [];

  constructor(private readonly options: WatchdogOptions) {
    this.#timer = setInterval(() => void this.#look(), INTERVAL);
  }

  /** Aborted, with an `RpmociError` of kind `install`, when the transaction has to be stopped. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A line that the engine or a scriptlet has printed. */
  hear(line: string): void {
    this.#log = [...this.#log.slice(1 - LOG_LINES), line];
    if (!STEP.test(line)) return;
    this.#step = line.replace(/\s+/g, " ").trim();
    this.#began = Date.now();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { limit, directory } = this.options;
    if (limit > 0 && Date.now() - this.#began > limit * 1000) {
      this.#stop(`did not end within ${limit} s and was stopped`, "SCRIPTLET_TIMEOUT", TIMEOUT_HINT);
    }
    const { bsize, blocks, bavail } = await statfs(directory).catch(() => UNKNOWN_DISK);
    if (bavail * bsize < Math.min(RESERVE.bytes, blocks * bsize * RESERVE.share)) {
      this.#stop("has nearly filled the disk and was stopped", "DISK_FULL", DISK_FULL_HINT);
    }
  }

  #stop(what: string, code: string, hint: string): void {
    const message = `failed to install packages: \`${this.#step}\` ${what}`;
    this.#controller.abort(new RpmociError(message, { kind: "install", code, hint, details: this.#log }));
  }
}
