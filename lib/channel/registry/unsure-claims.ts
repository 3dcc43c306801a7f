/** Own claims that were carried out after the transitional signal: whether they hold the next primary component knows. */
import type { Command } from './command.js';
import type { Entry } from './entry.js';
import type { Table } from './table.js';

export type Claim = Extract<Command, { kind: 'claim' }>;

export interface ClaimOutcome {
  holds(serial: number, entry: Entry): void;
  lost(serial: number, claim: Claim): void;
}

export class UnsureClaims {
  private claims = new Map<number, Claim>();

  constructor(private readonly outcome: ClaimOutcome) {}

  add(serial: number, claim: Claim): void {
    this.claims.set(serial, claim);
  }

  get(serial: number): Claim | undefined {
    return this.claims.get(serial);
  }

  /** Tables have come together: a part that is sure had it before the signal, or in a primary component. */
  merged(table: Table): void {
    for (const [serial, { claim }] of this.claims) {
      const entry = table.get(claim);
      if (!entry || entry.unsure) continue;
      this.claims.delete(serial);
      this.outcome.holds(serial, entry);
    }
  }

  /** This is the table of a primary component: what is not in it does not hold. */
  decided(table: Table): void {
    const { claims } = this;
    this.claims = new Map();
    for (const [serial, claim] of claims) {
      const entry = table.get(claim.claim);
      if (entry) this.outcome.holds(serial, entry);
      else this.outcome.lost(serial, claim);
    }
  }
}
