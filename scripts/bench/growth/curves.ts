/** From the rows of a result file to curves with their formulas. */
import type { Results } from '../results.js';
import { costAt, type Fit, fit, type Formula, type Measurement } from './fit.js';

export interface Curve {
  readonly name: string;
  /** Microseconds of the daemons' processor time. */
  readonly measurements: readonly Measurement[];
  /** Null with too few measurements. */
  readonly fit: Fit | null;
}

/** Fewer say nothing about a formula. */
const FEWEST = 3;

/** In the order in which they were measured. */
export function curvesOf({ rows }: Results): readonly Curve[] {
  const found = new Map<string, Measurement[]>();
  for (const { point, cpu } of rows) {
    if (!point || cpu === null || cpu <= 0) continue;
    const measurements = found.get(point.curve) ?? [];
    measurements.push({ n: point.n, cost: cpu });
    found.set(point.curve, measurements);
  }
  return [...found].map(([name, measurements]) => ({
    name,
    measurements,
    fit: measurements.length < FEWEST ? null : fit(measurements),
  }));
}

/** What a curve says about an n, also beyond the bend. Null without a formula. */
export function costOn(curve: Curve | undefined, n: number): number | null {
  if (!curve?.fit) return null;
  const { formula, bend } = curve.fit;
  return costAt(formula, n) * (bend && n >= bend.from ? bend.factor : 1);
}

/** `2.1 + 1.4 n us`. */
export function formulaText({ shape, a, b }: Formula): string {
  const digits = (value: number): string => String(Number(value.toPrecision(2)));
  if (shape === 'constant') return `${digits(a)} us`;
  const slope = `${digits(b)} ${shape === 'linear' ? 'n' : 'log10 n'} us`;
  return a === 0 ? slope : `${digits(a)} + ${slope}`;
}

/** Where more of it begins to matter: the n at which what grows costs as much as what does not. Null where nothing grows. */
export function turningPoint({ shape, a, b }: Formula): number | null {
  if (shape === 'constant' || a === 0) return null;
  return shape === 'linear' ? a / b : 10 ** (a / b);
}
