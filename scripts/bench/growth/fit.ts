/**
 * The formula that measured costs follow: constant, a + b n, or a + b log n, by least squares. Errors are relative, since n
 * spans several powers of ten and the largest value would decide alone otherwise. Pure.
 */

/** What one more of something costs in all. */
export interface Measurement {
  /** How many, above 0. */
  readonly n: number;
  /** In any unit, above 0. */
  readonly cost: number;
}

/** `linear`: a + b n. `logarithmic`: a + b log10 n, so that b is the price of ten times as many. */
export type Shape = 'constant' | 'linear' | 'logarithmic';

/** A formula, with a and b at least 0. */
export interface Formula {
  readonly shape: Shape;
  readonly a: number;
  readonly b: number;
  /** Root of the mean square of the relative errors; 0.1 for 10 %. */
  readonly error: number;
}

/** Where costs leave the formula. */
export interface Bend {
  /** The first n that does. */
  readonly from: number;
  /** Cost at the largest n, in terms of the formula: above 1 for more. */
  readonly factor: number;
}

export interface Fit {
  /** Of all measurements, or of those below the bend. */
  readonly formula: Formula;
  readonly bend: Bend | null;
}

const BASES: Readonly<Record<Shape, (n: number) => number>> = {
  constant: () => 0,
  linear: (n) => n,
  logarithmic: Math.log10,
};

/** A slope has to explain this much more than no slope, or the costs count as constant. */
const GAIN = 1.5;
/** An error as small as this needs no slope, whatever it would explain. */
const NEGLIGIBLE = 0.02;
/** What is further from a constant than this is none, however badly other shapes fit. */
const FLAT = 0.4;
/** One formula that is this good for all measurements has no bend. */
const GOOD = 0.2;
/** Measurements are off a formula when they differ from it by more. */
const OFF = 0.3;
/** Fewer measurements say nothing about a shape. */
const FEWEST = 3;

/** What a formula says. */
export const costAt = ({ shape, a, b }: Formula, n: number): number => a + b * BASES[shape](n);

/**
 * Finds the formula, and where the costs leave it.
 *
 * @throws RangeError without at least three measurements with n and cost above 0
 */
export function fit(measurements: readonly Measurement[]): Fit {
  const usable = measurements
    .filter(({ n, cost }) => n > 0 && cost > 0)
    .toSorted((one, other) => one.n - other.n);
  if (usable.length < FEWEST)
    throw new RangeError(`expected at least ${FEWEST} measurements above 0, got ${usable.length}`);
  const whole = formulaOf(usable);
  if (whole.error <= GOOD) return { formula: whole, bend: null };
  for (let below = FEWEST; below < usable.length; below++) {
    const formula = formulaOf(usable.slice(0, below));
    const rest = usable.slice(below);
    if (formula.error <= GOOD && areOff(rest, formula)) return { formula, bend: bendOf(rest, formula) };
  }
  return { formula: whole, bend: null };
}

/** Whether all are off, and to the same side. */
function areOff(rest: readonly Measurement[], formula: Formula): boolean {
  const shares = rest.map(({ n, cost }) => cost / costAt(formula, n));
  return shares.every((share) => share > 1 + OFF) || shares.every((share) => share < 1 - OFF);
}

function bendOf(rest: readonly Measurement[], formula: Formula): Bend {
  const [first, last] = [rest[0] as Measurement, rest.at(-1) as Measurement];
  return { from: first.n, factor: last.cost / costAt(formula, last.n) };
}

/** The simplest shape that explains the measurements about as well as the best one. */
function formulaOf(measurements: readonly Measurement[]): Formula {
  const flat = solved('constant', measurements);
  const sloped = (['linear', 'logarithmic'] as const).map((shape) => solved(shape, measurements));
  const best = sloped.reduce((one, other) => (other.error < one.error ? other : one));
  return flat.error <= Math.min(GAIN * best.error + NEGLIGIBLE, FLAT) ? flat : best;
}

/** Least squares of (a + b f(n)) / cost = 1. */
function solved(shape: Shape, measurements: readonly Measurement[]): Formula {
  let [uu, uv, vv, u, v] = [0, 0, 0, 0, 0];
  for (const { n, cost } of measurements) {
    const [one, slope] = [1 / cost, BASES[shape](n) / cost];
    uu += one * one;
    uv += one * slope;
    vv += slope * slope;
    u += one;
    v += slope;
  }
  const determinant = uu * vv - uv * uv;
  const free = { a: (u * vv - v * uv) / determinant, b: (v * uu - u * uv) / determinant };
  // A cost below 0, or one that falls, is noise.
  if (!(determinant > 0) || free.b < 0)
    return withError({ shape: 'constant', a: u / uu, b: 0 }, measurements);
  return withError({ shape, ...(free.a < 0 ? { a: 0, b: v / vv } : free) }, measurements);
}

function withError(formula: Omit<Formula, 'error'>, measurements: readonly Measurement[]): Formula {
  const squares = measurements.map(({ n, cost }) => (costAt({ ...formula, error: 0 }, n) / cost - 1) ** 2);
  const error = Math.sqrt(squares.reduce((sum, each) => sum + each, 0) / squares.length);
  return { ...formula, error };
}
