/** Native tasks that an `AbortSignal` calls off. */
import type { Cancellation, Cancelling } from "./binding.js";
import { nativeCall } from "./call.js";

/**
 * Awaits what `start` returns, a task of `addon`. Throws the signal's reason, milliseconds after it was aborted, and what
 * `nativeCall` throws.
 */
export async function cancellable<T>(
  addon: Cancelling,
  signal: AbortSignal | undefined,
  start: (cancellation: Cancellation) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const cancellation = addon.newCancellation();
  const cancel = (): void => addon.cancel(cancellation);
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
