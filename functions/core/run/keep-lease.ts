import type { ActiveRun } from './active-run.ts';
import { leaseTermMs } from './active-run.ts';

/** Renews a lease while something long is going on that cannot be interrupted, such as the copy of a large table. */
export function keepLease({ request, setup, lease }: ActiveRun): {
  /** @throws what the last renewal threw */
  check(): void;
  stop(): void;
} {
  let failure: unknown;
  const timer = setInterval(() => {
    request.warehouse.ledger.renew(lease, setup.now(), leaseTermMs).catch((error: unknown) => {
      failure ??= error;
    });
  }, leaseTermMs / 3);
  timer.unref();
  return {
    check() {
      if (failure !== undefined) throw failure;
    },
    stop: () => clearInterval(timer),
  };
}
