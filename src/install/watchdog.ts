/** Stops a transaction that hangs, or that is about to fill the disk. */
import { statfs } from "node:fs/promises";
import { RpmociError } from "../errors.js";
import type { Emit } from "../events.js";
import { DISK_FULL_HINT, LOG_LINES } from "./setting.js";

/** Both engines tell what they do next in lines that begin so; dnf 5 counts them in front. */
const STEP = /^\s*(?:\[\s*\d+\/\d+\]\s*)?(?:Preparing|Installing|Running|Verifying|Erasing)\b/;

/** dnf 5 tells of most steps when they have ended, with a bar that it has drawn to its end. */
const ENDED_STEP = /^(\s*\[\s*\d+\/\d+\].*?)\s+100% \|/;

/** Other programs need the disk, too: so much of it stays free. */
const RESERVE = { bytes: 256 * 2 ** 20, share: 0.02 } as const;

/** As when the directory is gone. */
const UNKNOWN_DISK = { bsize: 1, blocks: 0, bavail: 1 } as const;

/** Milliseconds. */
const INTERVAL = 100;

const TIMEOUT_HINT = "--scriptlet-timeout gives it more time";

export interface WatchOptions {
  /** As in `failed to install packages`. */
  readonly task: string;
  /** Seconds that a step may take; 0 for as long as it likes. */
  readonly limit: number;
  /** On the disk that is filled; it exists. */
  readonly directory: string;
  /** The caller's own reason to stop. */
  readonly abort?: AbortSignal | undefined;
}

/**
 * Hands `act` a signal that is aborted when the transaction has to be stopped, with an `RpmociError` of kind `install`,
 * or when `abort` is; what the transaction prints is heard by the emitter that it hands on.
 */
export async function watched<T>(
  options: WatchOptions,
  emit: Emit,
  act: (abort: AbortSignal, emit: Emit) => Promise<T>,
): Promise<T> {
  const watchdog = new Watchdog(options);
  const { abort } = options;
  try {
    return await act(abort === undefined ? watchdog.signal : AbortSignal.any([abort, watchdog.signal]), (event) => {
      if (event.type === "install-output") watchdog.hear(event.line);
      emit(event);
    });
  } finally {
    watchdog.end();
  }
}

class Watchdog {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #step: string | null = null;
  #began = Date.now();
  #log: readonly string[] = [];

  constructor(private readonly options: WatchOptions) {
    this.#timer = setInterval(() => void this.#look(), INTERVAL);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** A line that the engine or a scriptlet has printed. */
  hear(line: string): void {
    this.#log = [...this.#log.slice(1 - LOG_LINES), line];
    if (!STEP.test(line)) return;
    const ended = line.match(ENDED_STEP)?.[1];
    const step = (ended ?? line).replace(/\s+/g, " ").trim();
    this.#step = ended === undefined ? `\`${step}\`` : `what comes after \`${step}\``;
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
    const message = `failed to ${this.options.task}: ${this.#step ?? "a scriptlet"} ${what}`;
    this.#controller.abort(new RpmociError(message, { kind: "install", code, hint, details: this.#log }));
  }
}
