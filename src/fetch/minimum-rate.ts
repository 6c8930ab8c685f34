/** A server that trickles is given up, as one that is silent is. */
import type { TransferOptions } from "../model/transport.js";
import type { Dispatcher } from "./http-client.js";

/**
 * Ends a request as `onSlow` says when fewer than `minrate` bytes a second came in a whole period of `timeout` seconds.
 * Periods in which we kept the server waiting do not count.
 */
export function minimumRate(
  { minrate, timeout }: Pick<TransferOptions, "minrate" | "timeout">,
  onSlow: () => Error,
): Dispatcher.DispatcherComposeInterceptor {
  return (dispatch) => (options, handler) =>
    dispatch(options, new RateGuard(handler, minrate * timeout, timeout, onSlow));
}

class RateGuard implements Dispatcher.DispatchHandler {
  #timer: NodeJS.Timeout | undefined;
  #received = 0;
  #waited = false;

  constructor(
    private readonly inner: Dispatcher.DispatchHandler,
    /** In one period. */
    private readonly leastBytes: number,
    /** Seconds. */
    private readonly period: number,
    private readonly onSlow: () => Error,
  ) {}

  onRequestStart(controller: Dispatcher.DispatchController, context: unknown): void {
    this.inner.onRequestStart?.(controller, context);
  }

  onRequestUpgrade(...args: Parameters<Required<Dispatcher.DispatchHandler>["onRequestUpgrade"]>): void {
    this.inner.onRequestUpgrade?.(...args);
  }

  onResponseStart(...args: Parameters<Required<Dispatcher.DispatchHandler>["onResponseStart"]>): void {
    const [controller] = args;
    // Until then, the time limit for headers holds; an answer of "please wait" may be followed by another one.
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      if (this.#received < this.leastBytes && !this.#waited && !controller.paused) controller.abort(this.onSlow());
      this.#received = 0;
      this.#waited = controller.paused;
    }, this.period * 1000);
    this.inner.onResponseStart?.(...args);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.length;
    this.inner.onResponseData?.(controller, chunk);
    this.#waited ||= controller.paused;
  }

  onResponseEnd(...args: Parameters<Required<Dispatcher.DispatchHandler>["onResponseEnd"]>): void {
    clearInterval(this.#timer);
    this.inner.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters<Required<Dispatcher.DispatchHandler>["onResponseError"]>): void {
    clearInterval(this.#timer);
    this.inner.onResponseError?.(...args);
  }
}
