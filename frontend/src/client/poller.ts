/**
 * Repeats a task: at an interval while it succeeds, with exponential backoff and jitter while it fails, at once on {@link
 * Poller.poke}, and not at all while paused. Runs never overlap.
 */

export interface PollerOptions {
  readonly intervalMs: number;
  /** By default 60 s. */
  readonly maxBackoffMs?: number;
  /** 0 to 1, by default `Math.random`. */
  readonly random?: () => number;
}

export type PollState =
  | { readonly phase: 'running' }
  | { readonly phase: 'ok'; readonly at: number }
  | { readonly phase: 'failed'; readonly error: unknown; readonly failures: number; readonly nextAt: number };

/** The wait after `failures` failures in a row: it doubles from one second; jitter subtracts up to half. */
export function backoffMs(failures: number, maxMs: number, random: () => number): number {
  const full = Math.min(maxMs, 1000 * 2 ** Math.min(failures - 1, 30));
  return Math.round(full * (0.5 + 0.5 * random()));
}

export class Poller {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #running = false;
  #again = false;
  #paused = true;
  #failures = 0;

  constructor(
    private readonly task: () => Promise<void>,
    private readonly options: PollerOptions,
    private readonly onState: (state: PollState) => void = () => {},
  ) {}

  /** Starts, or resumes after {@link pause}, with an immediate run. */
  start(): void {
    this.#paused = false;
    this.poke();
  }

  /** Schedules no more runs. A run in progress finishes. */
  pause(): void {
    this.#paused = true;
    clearTimeout(this.#timer);
  }

  /** Runs now, or directly after the run in progress. */
  poke(): void {
    if (this.#paused) return;
    clearTimeout(this.#timer);
    if (this.#running) this.#again = true;
    else void this.#run();
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.onState({ phase: 'running' });
    let wait = this.options.intervalMs;
    try {
      await this.task();
      this.#failures = 0;
      this.onState({ phase: 'ok', at: Date.now() });
    } catch (error) {
      this.#failures += 1;
      const { maxBackoffMs = 60_000, random = Math.random } = this.options;
      wait = backoffMs(this.#failures, maxBackoffMs, random);
      this.onState({ phase: 'failed', error, failures: this.#failures, nextAt: Date.now() + wait });
    } finally {
      this.#running = false;
    }
    if (this.#paused) return;
    if (this.#again) {
      this.#again = false;
      void this.#run();
    } else {
      this.#timer = setTimeout(() => void this.#run(), wait);
    }
  }
}
