/** The errors that users meet. Every one names what is at fault, says why, and where it helps what to do next. */

/** What kind of thing went wrong; the CLI's exit code follows from it. `fetch` is of any server, be it for a push. */
export type ErrorKind =
  | "usage"
  | "policy"
  | "manifest"
  | "lockfile"
  | "resolve"
  | "fetch"
  | "verify"
  | "install"
  | "output"
  | "environment";

export interface RpmociErrorOptions {
  readonly kind: ErrorKind;
  /** A stable identifier such as `MANIFEST_INVALID`, which `docs/errors.md` explains. */
  readonly code: string;
  /** What the user can do, one sentence. */
  readonly hint?: string | undefined;
  /** Further lines: a problem's reasons, a process's output. */
  readonly details?: readonly string[] | undefined;
  readonly cause?: unknown;
}

/** The only error that the library throws on purpose; anything else, but an abort's reason, is a defect of the library. */
export class RpmociError extends Error {
  override readonly name = "RpmociError";
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(message: string, options: RpmociErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
    this.code = options.code;
    this.hint = options.hint;
    this.details = options.details ?? [];
  }
}

/** The words of any thrown value, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
