/** Cuts a failing plan down: takes steps away as long as the same property is violated. */
import type { Plan, Step } from './plan.js';
import { run } from './run.js';

export interface Shrunk {
  readonly plan: Plan;
  readonly runs: number;
}

/** @param limit runs at most */
export function shrink(plan: Plan, property: string, limit = 1500): Shrunk {
  const shrinker = new Shrinker(plan, property, limit);
  shrinker.withoutClients();
  shrinker.withoutParts();
  return { plan: shrinker.best, runs: shrinker.runs };
}

class Shrinker {
  best: Plan;
  runs = 0;

  constructor(
    plan: Plan,
    private readonly property: string,
    private readonly limit: number,
  ) {
    this.best = plan;
  }

  withoutClients(): void {
    for (const client of this.best.clients.keys()) {
      this.attempt(this.best.steps.filter(({ act }) => !('client' in act) || act.client !== client));
    }
  }

  /** Halves, quarters, and so on down to single steps. */
  withoutParts(): void {
    for (let size = this.best.steps.length >>> 1; size > 0; size >>>= 1) {
      let at = 0;
      while (at < this.best.steps.length && this.runs < this.limit) {
        if (!this.attempt(this.best.steps.toSpliced(at, size))) at += size;
      }
    }
  }

  private attempt(steps: readonly Step[]): boolean {
    if (this.runs >= this.limit) return false;
    this.runs++;
    const candidate = { ...this.best, steps };
    const fails = run(candidate).violations.some((each) => each.property === this.property);
    if (fails) this.best = candidate;
    return fails;
  }
}
