/** Native tasks that an `AbortSignal` calls off. */
import type { Cancellation } from "../native/binding.js";
import { nativeCall } from "../native/call.js";
import { binding } from "../native/load.js";

/** Awaits what `start` returns. Throws the signal's reason, milliseconds after it was aborted, and what `nativeCall` throws. */
export async function cancellable<T>(
  signal: AbortSignal | undefined,
  start: (cancellation: Cancellation) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const cancellation = binding().newCancellation();
  const cancel = (): void => binding().cancel(cancellation);
  signal?.addEventListener("abort", cancel, { once: true });
  try {
    return await nativeCall(start(cancellation));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}
