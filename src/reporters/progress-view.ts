/** What is going on now, in the lines that a terminal shows below all others. */
import type { RpmociEvent } from "../index.js";
import type { Charset } from "./charset.js";
import { megabytes } from "./messages.js";
import { Rate } from "./rate.js";
import { continuationLine } from "./status-line.js";

interface Style {
  readonly charset: Charset;
  readonly colours: boolean;
}

interface Transfer {
  readonly what: string;
  readonly bytes: number | undefined;
  readonly received: number;
}

type Stage =
  | { readonly kind: "resolve"; readonly began: number }
  | {
      readonly kind: "download";
      readonly files: number;
      readonly bytes: number | undefined;
      readonly done: number;
      readonly doneBytes: number;
    }
  | { readonly kind: "verify"; readonly done: number; readonly packages: number }
  | {
      readonly kind: "install";
      readonly index: number;
      readonly packages: number;
      readonly doing: string;
      readonly began: number;
    }
  /** Layers that are made, or copied. */
  | { readonly kind: "bytes"; readonly bytes: number; readonly total: number };

/** Milliseconds after which it is told how long something takes. */
const PATIENCE = 1000;

const MOST_TRANSFERS = 8;
const MARGIN = continuationLine("").length;

export class ProgressView {
  #stage: Stage | null = null;
  #rate = new Rate();
  /** Bytes of the files that have come since the rate is measured. */
  #received = 0;
  readonly #transfers = new Map<number, Transfer>();

  constructor(
    private readonly style: Style,
    private readonly now: () => number,
  ) {}

  hear(event: RpmociEvent): void {
    const stage = this.#stageBegunBy(event);
    if (stage !== undefined) this.#enter(stage);
    else if (event.type === "transfer-started") {
      this.#transfers.set(event.id, { what: event.what, bytes: event.bytes, received: 0 });
    } else if (event.type === "transfer-progress") {
      const transfer = this.#transfers.get(event.id);
      if (transfer !== undefined) this.#transfers.set(event.id, { ...transfer, received: event.received });
    } else if (event.type === "transfer-finished") {
      const transfer = this.#transfers.get(event.id);
      if (event.succeeded) this.#received += transfer?.bytes ?? transfer?.received ?? 0;
      this.#transfers.delete(event.id);
    } else this.#continue(event);
  }

  /** Null when an event ends the stage before, undefined when it does neither. */
  #stageBegunBy(event: RpmociEvent): Stage | null | undefined {
    switch (event.type) {
      case "resolve-started":
        return { kind: "resolve", began: this.now() };
      case "download-started":
        return { kind: "download", files: event.files, bytes: event.bytes, done: 0, doneBytes: 0 };
      case "verify-started":
        return { kind: "verify", done: 0, packages: event.packages };
      case "install-started":
        return { kind: "install", index: 0, packages: event.packages, doing: "", began: this.now() };
      case "layer-started":
        return { kind: "bytes", bytes: 0, total: 0 };
      case "copy-started":
        return { kind: "bytes", bytes: 0, total: event.bytes };
      case "resolve-finished":
      case "install-finished":
      case "image-started":
      case "image-written":
      case "image-unchanged":
      case "copy-finished":
      case "vendored":
        return null;
      default:
        return undefined;
    }
  }

  #enter(stage: Stage | null): void {
    this.#stage = stage;
    this.#rate = new Rate();
    this.#received = 0;
  }

  #continue(event: RpmociEvent): void {
    const stage = this.#stage;
    if (event.type === "download-progress" && stage?.kind === "download") {
      this.#stage = { ...stage, done: event.done, doneBytes: event.bytes };
    } else if (event.type === "verify-progress" && stage?.kind === "verify") {
      this.#stage = { ...stage, done: event.done };
    } else if (event.type === "package-installing" && stage?.kind === "install") {
      this.#stage = { ...stage, index: event.index, doing: event.package, began: this.now() };
    } else if (event.type === "scriptlet-started" && stage?.kind === "install") {
      const doing = `${event.phase ?? "scriptlet"} of ${event.package}`;
      this.#stage = { ...stage, doing, began: this.now() };
    } else if ((event.type === "layer-progress" || event.type === "copy-progress") && stage?.kind === "bytes") {
      this.#stage = { ...stage, bytes: event.bytes, total: event.total };
    }
  }

  get active(): boolean {
    return this.#stage !== null || this.#transfers.size > 0;
  }

  /** Lines of at most `columns` characters, and at most `rows` of them. */
  lines(columns: number, rows: number): readonly string[] {
    const first = this.#stageLine(columns);
    const most = Math.max(0, Math.min(MOST_TRANSFERS, rows - 3));
    const transfers = [...this.#transfers.values()];
    const width = Math.max(0, ...transfers.slice(0, most).map(({ what }) => nameOf(what).length));
    const below = transfers.slice(0, most).map(({ what, bytes, received }) => {
      const share = bytes === undefined ? null : received / bytes;
      const amount = bytes === undefined ? megabytes(received) : `${amounts(received, bytes)}`;
      return this.#line(columns, share, `${amount}  ${nameOf(what).padEnd(width)}`.trimEnd(), SMALL_BAR);
    });
    const more = transfers.length - below.length;
    const rest = more > 0 && below.length > 0 ? [this.#line(columns, null, `and ${more} more`)] : [];
    return [...(first === null ? [] : [first]), ...below, ...rest];
  }

  #stageLine(columns: number): string | null {
    const stage = this.#stage;
    switch (stage?.kind) {
      case undefined:
        return null;
      case "resolve": {
        const waited = this.#waited(stage.began);
        return waited === "" || this.#transfers.size > 0 ? null : this.#line(columns, null, waited);
      }
      case "download":
        return this.#downloadLine(columns, stage);
      case "verify":
        return this.#line(columns, stage.done / stage.packages, `${stage.done} of ${stage.packages}`);
      case "install": {
        const { index, packages, doing, began } = stage;
        const words = [`${index} of ${packages}`, doing, this.#waited(began)].filter((word) => word !== "");
        return this.#line(columns, index / packages, words.join("  "));
      }
      case "bytes": {
        if (stage.total === 0) return null;
        this.#rate.add(this.now(), stage.bytes);
        const words = [amounts(stage.bytes, stage.total), ...this.#speed(stage.total - stage.bytes)];
        return this.#line(columns, stage.bytes / stage.total, words.join("  "));
      }
    }
  }

  #downloadLine(columns: number, stage: Stage & { readonly kind: "download" }): string {
    const arriving = [...this.#transfers.values()].reduce((sum, { received }) => sum + received, 0);
    this.#rate.add(this.now(), this.#received + arriving);
    const files = `${stage.done} of ${stage.files}`;
    if (stage.bytes === undefined) {
      return this.#line(columns, stage.done / stage.files, [files, ...this.#speed(null)].join("  "));
    }
    const bytes = Math.min(stage.bytes, stage.doneBytes + arriving);
    const words = [files, amounts(bytes, stage.bytes), ...this.#speed(stage.bytes - bytes)];
    return this.#line(columns, stage.bytes === 0 ? 1 : bytes / stage.bytes, words.join("  "));
  }

  /** The rate, and the time that is left for `left` bytes. */
  #speed(left: number | null): readonly string[] {
    const rate = this.#rate.perSecond();
    if (rate === null || rate <= 0) return [];
    const seconds = left === null ? null : Math.ceil(left / rate);
    return [`${megabytes(rate)}/s`, ...(seconds === null || seconds > A_DAY ? [] : [`${clock(seconds)} left`])];
  }

  #waited(began: number): string {
    const waited = this.now() - began;
    return waited < PATIENCE ? "" : `${Math.floor(waited / 1000)} s`;
  }

  #line(columns: number, share: number | null, text: string, size = BAR): string {
    const cells = columns < NARROW ? SMALL_BAR / 2 : size;
    const bar = share === null ? "" : `${this.#bar(share, cells)} `;
    const left = columns - 1 - MARGIN - (share === null ? 0 : cells + 3);
    return continuationLine(`${bar}${printable(text).slice(0, Math.max(0, left))}`);
  }

  #bar(share: number, cells: number): string {
    const full = Math.round(Math.max(0, Math.min(1, share)) * cells);
    const ascii = this.style.charset === "ascii";
    const done = (ascii ? "=" : "\u2501").repeat(full);
    const open = (ascii ? " " : "\u2500").repeat(cells - full);
    const drawn = this.style.colours ? `\u001b[32m${done}\u001b[39m\u001b[2m${open}\u001b[22m` : `${done}${open}`;
    return ascii ? `[${drawn}]` : ` ${drawn} `;
  }
}

const BAR = 24;
const SMALL_BAR = 12;
/** Columns below which bars are short. */
const NARROW = 70;
const A_DAY = 86_400;

function amounts(part: number, whole: number): string {
  const total = megabytes(whole);
  return `${(part / 1e6).toFixed(1).padStart(total.length - " MB".length)} of ${total}`;
}

function clock(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const two = (number: number): string => String(number).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A package's name says enough. */
function nameOf(what: string): string {
  return what.replace(/^package (\S+) from repository ".*"$/, "$1");
}

/** Names come from elsewhere, and must not move the cursor. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "?");
}
