/**
 * Who came along from the last secure view. The flush layer says who may have: that is the base. Of those, the members
 * that prove in their SHAREs that they had the last key are companions: whoever lies about a vs set has no such proof [secure-groups SG-1, SG-6b].
 */
import type { Agreement, PreviousEpoch } from './agreement.js';
import { provesPrevious } from './context.js';
import { MAX_SEEN } from './limits.js';
import type { EpochKeys } from './epoch-keys.js';
import { type Provider, wipe } from './provider.js';

export interface Judged {
  /** Members that came along, in the order of the last secure view. */
  readonly cameWithMe: readonly string[];
  /** Of these, those that sent more than came here, with how many are missing. */
  readonly tails: readonly (readonly [name: string, count: number])[];
}

export class PreviousView {
  private base: ReadonlySet<string>;
  private epoch: PreviousEpoch | null = null;
  private received: ReadonlyMap<string, number> = new Map();
  /** Ids of the flush views of this membership. */
  private readonly seen = new Set<string>();
  /** Whether a transitional signal stood in the last secure view. */
  private wasBroken = false;

  constructor(
    private readonly provider: Provider,
    private readonly self: string,
  ) {
    this.base = new Set([self]);
  }

  /** What the next SHARE proves; null before the first secure view of this membership. */
  get lastEpoch(): PreviousEpoch | null {
    return this.epoch;
  }

  /** Whether the flush view is the first one of this membership. */
  get isFirst(): boolean {
    return this.seen.size === 1;
  }

  /** A flush view begins. @returns whether no view of this membership had this id */
  begins(id: string): boolean {
    const { seen } = this;
    if (seen.has(id)) return false;
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > MAX_SEEN && oldest !== undefined) seen.delete(oldest);
    return true;
  }

  /** A flush view ends a secure one, or one of which nothing was shown. @param cameWithMe of the new view */
  flushed(cameWithMe: readonly string[], insiders: readonly string[] | null): void {
    if (this.epoch === null) return;
    const from = insiders === null ? this.base : new Set(insiders);
    this.base = new Set([this.self, ...cameWithMe.filter((name) => from.has(name))]);
  }

  /** The last epoch of a secure view is over: what of it is needed for the next one. */
  keep(keys: EpochKeys, wasBroken: boolean): void {
    this.forget();
    this.epoch = { key: keys.previousKey(), sent: BigInt(keys.sent) };
    this.received = keys.received();
    this.wasBroken = wasBroken;
  }

  /** These have a view that is not shown here: they continue without this member. */
  lose(insiders: readonly string[]): void {
    const lost = new Set(insiders);
    this.base = new Set([...this.base].filter((name) => !lost.has(name)));
  }

  /** Nobody came along. */
  alone(): void {
    this.base = new Set([this.self]);
  }

  /** The group was left: a later membership begins from nothing. */
  reset(): void {
    this.alone();
    this.forget();
    this.epoch = null;
    this.received = new Map();
    this.seen.clear();
  }

  /** Which insiders of a view came along. */
  judge(agreement: Agreement, insiders: readonly string[], previousMembers: readonly string[]): Judged {
    const { base, epoch, self } = this;
    const present = new Set(insiders);
    const tails: (readonly [string, number])[] = [];
    const cameWithMe = previousMembers.filter((name) => {
      if (name === self) return true;
      const share = base.has(name) && present.has(name) ? agreement.shareOf(name) : null;
      if (!share || !epoch) return false;
      if (!provesPrevious(this.provider, epoch.key, agreement.context, name, share)) return false;
      const missing = Number(share.sent) - (this.received.get(name) ?? 0);
      if (missing > 0 && !this.wasBroken) tails.push([name, missing]);
      return true;
    });
    return { cameWithMe, tails };
  }

  private forget(): void {
    wipe(this.epoch?.key);
  }
}
