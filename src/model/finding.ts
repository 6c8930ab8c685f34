/** What was found out about this system. */

export interface Finding {
  /** A stable name, such as `subordinate-ids`. */
  readonly check: string;
  /** `warning`: some builds fail, or do without something; `failure`: none succeeds. */
  readonly status: "ok" | "warning" | "failure";
  readonly message: string;
  /** What the user can do. */
  readonly remedy: string | null;
}

/** Findings of one check. */
export class Check {
  constructor(readonly name: string) {}

  ok(message: string): Finding {
    return { check: this.name, status: "ok", message, remedy: null };
  }

  warning(message: string, remedy: string | null): Finding {
    return { check: this.name, status: "warning", message, remedy };
  }

  failure(message: string, remedy: string | null): Finding {
    return { check: this.name, status: "failure", message, remedy };
  }
}
