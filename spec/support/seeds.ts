/**
 * How many worlds the random specs play. `npm test` plays a share, so that all of them together take about 100 s;
 * `SSP_SEEDS=all` plays the whole number, as `.ci/run` does and whatever sets CI, where a change is judged.
 */
export function seeds(share: number, all: number): number {
  const wanted = process.env['SSP_SEEDS'] ?? (process.env['CI'] ? 'all' : 'share');
  if (wanted !== 'all' && wanted !== 'share')
    throw new Error(`expected SSP_SEEDS to be "share" or "all", got "${wanted}"`);
  return wanted === 'all' ? all : share;
}

/**
 * The first world of a hunt for a planted bug: an ordinary run begins at one that is known to show it. Once worlds have
 * changed it may be another one, which the hunt finds later.
 */
export const huntFrom = (known = 1): number => seeds(known, 1);
