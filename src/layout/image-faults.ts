/** What is wrong with an image that somebody wants to read. */
import { RpmociError } from "../errors.js";

/** There is no such image. */
export function unknownImage(reason: string, hint?: string, cause?: unknown): RpmociError {
  return new RpmociError(reason, { kind: "usage", code: "IMAGE_UNKNOWN", hint, cause });
}

/** Its bytes are not what they should be; `subject` is a digest or a file of the layout. */
export function damaged(name: string, subject: string, reason: string, cause?: unknown): RpmociError {
  return new RpmociError(`the image ${name} is damaged: ${subject}: ${reason}`, {
    kind: "verify",
    code: "IMAGE_DAMAGED",
    hint: "rpmoci layout validate lists all that is wrong with a layout",
    cause,
  });
}
