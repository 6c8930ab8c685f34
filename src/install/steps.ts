/** Makes events of the lines by which engines tell what they do. */
import type { Emit, RpmociEvent } from "../events.js";

/** librpm's in our own words (`native/rpm/installation.cc`), and dnf 4's: `  Installing       : NEVRA    3/5`. */
const INSTALLING =
  /^(?:Installing (\S+) \(\d+\/\d+\)|\s+(?:Installing|Upgrading|Downgrading)\s+: (\S+)\s+\d+\/\d+\s*)$/;
/** dnf 5's, which has a bar behind. */
const INSTALLING_DNF5 = /^\s*\[\s*\d+\/\d+\] (?:Installing|Upgrading|Downgrading) (\S+)\s.*\|/;

const RUNNING = /^Running (%\w+) of (\S+)$/;
const RAN = /^It ran for (\d+\.\d+) s$/;
const RUNNING_DNF4 = /^\s+Running scriptlet: (\S+)\s+\d+\/\d+\s*$/;
const RUNNING_DNF5 = /^(?:>>> )?(Running|Stop|Finished) (\S+(?: \S+)?) scriptlet: (\S+)/;

/** dnf 5's names of scriptlets. */
const PHASES: ReadonlyMap<string, string> = new Map([
  ["pre-install", "%pre"],
  ["post-install", "%post"],
  ["pre-transaction", "%pretrans"],
  ["post-transaction", "%posttrans"],
  ["trigger pre-install", "%triggerprein"],
  ["trigger install", "%triggerin"],
]);

interface Scriptlet {
  readonly package: string;
  readonly phase: string | null;
}

/** Of one transaction. What a scriptlet prints in the same words is taken for the engine's: only displays depend on it. */
export class TransactionSteps {
  #installed = 0;
  #scriptlet: (Scriptlet & { readonly began: number }) | null = null;

  constructor(
    private readonly total: number,
    private readonly next: Emit,
  ) {}

  /** Hands events on, and after a line of the engine's what that tells. */
  readonly emit = (event: RpmociEvent): void => {
    this.next(event);
    if (event.type === "install-output") this.#hear(event.line);
  };

  #hear(line: string): void {
    const installing = INSTALLING.exec(line) ?? INSTALLING_DNF5.exec(line);
    const nevra = installing?.[1] ?? installing?.[2];
    if (nevra !== undefined) {
      this.#installed = Math.min(this.#installed + 1, this.total);
      this.next({
        type: "package-installing",
        package: withoutZeroEpoch(nevra),
        index: this.#installed,
        total: this.total,
      });
      return;
    }
    const [, phase, subject] = RUNNING.exec(line) ?? [];
    const [, dnf4] = RUNNING_DNF4.exec(line) ?? [];
    const [, verb, name = "", dnf5] = RUNNING_DNF5.exec(line) ?? [];
    const seconds = RAN.exec(line)?.[1];
    if (phase !== undefined && subject !== undefined) this.#start({ package: subject, phase });
    else if (dnf4 !== undefined) this.#start({ package: dnf4, phase: null });
    else if (seconds !== undefined) this.#finish(Number(seconds));
    else if (dnf5 !== undefined && verb === "Running") {
      this.#start({ package: withoutZeroEpoch(dnf5), phase: PHASES.get(name) ?? name });
    } else if (dnf5 !== undefined) this.#finish(null);
  }

  #start(scriptlet: Scriptlet): void {
    this.#scriptlet = { ...scriptlet, began: performance.now() };
    this.next({ type: "scriptlet-started", ...scriptlet });
  }

  #finish(seconds: number | null): void {
    if (this.#scriptlet === null) return;
    const { began, ...scriptlet } = this.#scriptlet;
    this.#scriptlet = null;
    const measured = Math.round(performance.now() - began) / 1000;
    this.next({ type: "scriptlet-finished", ...scriptlet, seconds: seconds ?? measured });
  }
}

/** dnf 5 names every epoch. */
function withoutZeroEpoch(nevra: string): string {
  return nevra.replace(/-0:(?=[^-]+-[^-]+$)/, "-");
}
