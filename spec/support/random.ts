/** Numbers by chance that a seed repeats, and the seed of a run. */
export { Random } from '../../daemon/testing/random.js';

/** The seed in the environment, or a new one. */
export const givenSeed = (): number => {
  const text = process.env['SEED'];
  return text === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(text);
};
