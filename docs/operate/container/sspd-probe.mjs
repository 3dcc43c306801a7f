#!/usr/bin/env node
/**
 * `sspd-probe ready`: whether the daemon of this container takes clients. `sspd-probe live`: whether it answers at all,
 * also while it drains or has lost Corosync, which a restart would not mend. It asks /healthz of the monitor.
 */
/** Whoever starts it has a shorter limit: this one is for a probe that is forgotten. */
const LIMIT_MS = 30_000;
/** What /healthz answers while nothing is ordered, and in a drain. */
const UNAVAILABLE = 503;

const [, , question] = process.argv;
if (question !== 'ready' && question !== 'live') {
  console.error(`sspd-probe: expected ready or live, got ${question ?? 'nothing'}`);
  process.exit(2);
}
const monitor = process.env.SSP_MONITOR ?? '127.0.0.1:4804';
try {
  const { status } = await fetch(`http://${monitor}/healthz`, { signal: AbortSignal.timeout(LIMIT_MS) });
  if (status !== 200 && !(question === 'live' && status === UNAVAILABLE))
    throw new Error(`expected status 200, got ${status}`);
} catch (error) {
  console.error(`sspd-probe: ${error.cause?.message ?? error.message}`);
  process.exit(1);
}
