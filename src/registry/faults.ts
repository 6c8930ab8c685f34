/** What a registry's answer means to whoever pushes, or pulls. */
import * as v from "valibot";
import { type ErrorKind, RpmociError } from "../errors.js";
import type { HttpAnswer } from "./http-client.js";
import type { Secrets } from "./secrets.js";

/** Another attempt may succeed. */
export class PassingFailure extends Error {
  constructor(
    /** What is told when no attempt succeeds. */
    readonly fault: RpmociError,
    /** Milliseconds that the registry asks to be given. */
    readonly wait = 0,
  ) {
    super(fault.message);
  }
}

export const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Of kind `fetch` is what the same command may not meet later; of kind `output`, what the registry does not want. */
const KINDS = {
  REGISTRY_DENIED: "output",
  REGISTRY_FULL: "fetch",
  REGISTRY_IMAGE_MISSING: "fetch",
  REGISTRY_LIMIT: "output",
  REGISTRY_MISSING: "fetch",
  REGISTRY_REFUSED: "output",
  REGISTRY_REPOSITORY: "output",
  REGISTRY_TOKEN: "output",
  REGISTRY_UNAVAILABLE: "fetch",
  REGISTRY_UNREACHABLE: "fetch",
} as const satisfies Readonly<Record<string, ErrorKind>>;

export type RegistryCode = keyof typeof KINDS;
/** What registries say of a disk or a quota; the CNCF distribution tells the number of ENOSPC. */
const FULL = /no space left|quota|disk (is )?full|insufficient storage|"Err":28\b/i;

/** Milliseconds. */
const LONGEST_WAIT = 60_000;

/** OCI distribution specification, "Error Codes". */
const errorsSchema = v.looseObject({
  errors: v.array(
    v.looseObject({
      code: v.optional(v.string(), ""),
      message: v.nullish(v.string(), ""),
      detail: v.optional(v.unknown()),
    }),
  ),
});

export interface RegistryComplaint {
  readonly code: string;
  readonly message: string;
}

export function complaintsOf({ body }: HttpAnswer): readonly RegistryComplaint[] {
  try {
    return v
      .parse(errorsSchema, JSON.parse(body.toString()))
      .errors.map(({ code, message, detail }) => ({ code, message: [message ?? "", textOf(detail)].join(" ").trim() }));
  } catch {
    return [];
  }
}

function textOf(detail: unknown): string {
  if (detail === undefined || detail === null) return "";
  return typeof detail === "string" ? detail : JSON.stringify(detail);
}

/** Lines, and characters in each, that a registry may add to an error. */
const MOST_DETAILS = 5;
const LONGEST_DETAIL = 300;

export class Faults {
  constructor(
    /** `HOST/NAME`. */
    readonly target: string,
    readonly registry: string,
    readonly secrets: Secrets,
    readonly access: "pull" | "push" = "push",
  ) {}

  make(
    code: RegistryCode,
    reason: string,
    { hint, details }: { hint?: string | undefined; details?: readonly string[] } = {},
  ): RpmociError {
    const isPull = this.access === "pull";
    const options = { kind: isPull ? "fetch" : KINDS[code], code, hint, details: details ?? [] } as const;
    const what = isPull ? "pull from" : "push to";
    return new RpmociError(this.secrets.removedFrom(`Failed to ${what} ${this.target}: ${reason}`), options);
  }

  /** The error for an answer to `what`, as in "the blob sha256:…". */
  of(answer: HttpAnswer, what: string): RpmociError {
    const complaints = complaintsOf(answer);
    const codes = complaints.map(({ code }) => code);
    const said = complaints.map(({ message }) => message).join(" ");
    const details = complaints
      .map(({ code, message }) => this.#plain([code, message].filter(Boolean).join(": ")))
      .slice(0, MOST_DETAILS);
    const { status } = answer;
    const { registry } = this;
    if (status === 507 || FULL.test(said)) {
      return this.make("REGISTRY_FULL", `${registry} has no space left for ${what} (HTTP status ${status})`, {
        hint: "remove images there, or ask for a larger quota, and run the same again",
        details,
      });
    }
    if (status >= 500 || PASSING_STATUSES.has(status)) {
      return this.make("REGISTRY_UNAVAILABLE", `${registry} answers to ${what} with HTTP status ${status}`, {
        hint: "run the same again later; what arrived is not sent again",
        details,
      });
    }
    if (status === 401 || status === 403 || codes.includes("DENIED")) {
      return this.make("REGISTRY_DENIED", `${registry} does not allow it (HTTP status ${status})`, {
        hint: `the account may lack the right to ${this.access === "pull" ? "pull from" : "push to"} this repository, or the repository may not exist`,
        details,
      });
    }
    if (this.access === "pull" && status === 404) {
      return this.make("REGISTRY_IMAGE_MISSING", `${registry} does not have ${what}`, {
        hint: "it may have been removed there, or the name or tag may be wrong",
        details,
      });
    }
    if (codes.includes("NAME_UNKNOWN") || codes.includes("NAME_INVALID") || (status === 404 && codes.length === 0)) {
      const reason = codes.includes("NAME_INVALID")
        ? "takes no repository of this name"
        : "does not know this repository";
      return this.make("REGISTRY_REPOSITORY", `${registry} ${reason} (HTTP status ${status})`, {
        hint: "look for a mistake in the name; some registries want a repository to be created first",
        details,
      });
    }
    if (status === 413) {
      return this.make(
        "REGISTRY_LIMIT",
        `${what} is larger than ${registry}, or a proxy before it, takes (HTTP status 413)`,
        { details },
      );
    }
    if (codes.includes("DIGEST_INVALID") || codes.includes("SIZE_INVALID")) {
      return this.make("REGISTRY_REFUSED", `${registry} finds other bytes in ${what} than its digest says`, {
        hint: "the layout may be damaged; look with: rpmoci layout validate LAYOUT",
        details,
      });
    }
    if (/^MANIFEST_|^TAG_/.test(codes[0] ?? "")) {
      return this.make("REGISTRY_REFUSED", `${registry} does not take ${what} (HTTP status ${status})`, { details });
    }
    return this.make("REGISTRY_REFUSED", `${registry} answers to ${what} with HTTP status ${status}`, { details });
  }

  /** For an answer after which the same may be tried again, unless it tells of what does not pass by itself. */
  passing(answer: HttpAnswer, what: string): PassingFailure | RpmociError {
    const fault = this.of(answer, what);
    return fault.code === "REGISTRY_FULL" ? fault : new PassingFailure(fault, retryAfter(answer));
  }

  /** What to throw for an answer: another attempt, where that may help. */
  passingOr(answer: HttpAnswer, what: string): Error {
    return PASSING_STATUSES.has(answer.status) ? this.passing(answer, what) : this.of(answer, what);
  }

  #plain(text: string): string {
    const printable = this.secrets.removedFrom(text).replace(/[\p{C}\p{Z}]+/gu, " ");
    return printable.length > LONGEST_DETAIL ? `${printable.slice(0, LONGEST_DETAIL)}…` : printable;
  }
}

/** Milliseconds (RFC 9110, 10.2.3); 0 without a wish. */
function retryAfter(answer: HttpAnswer): number {
  const [text = ""] = answer.lines("retry-after");
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return wait > 0 ? Math.min(wait, LONGEST_WAIT) : 0;
}
