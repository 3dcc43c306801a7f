/**
 * Members that go on with one state, as the order makes it: who holds the state, who is being given it, and whether a
 * quorum stands behind it. Equal at all members placed in it, since only ordered inputs change it.
 */
import type { Buffer } from '#buffer';
import type { RecipeView } from '../port.js';
import { type BodyReader, BodyWriter, readBody } from '../codec.js';
import { extendLineage } from '../../../primary/lineage.js';
import { LAST_EPOCH } from '../../../primary/ballot.js';

/** What a decision begins a component with. */
export interface Beginning {
  readonly quorum: number | null;
  readonly lineage: number;
  /** The epoch of the state that continues. */
  readonly epoch: number;
  /** The number of the epoch that it would be. */
  readonly next: number;
  readonly holders: readonly string[];
}

/** A kind that no message has. */
const KIND = 0;
/** More of them than a view can have. */
const MAX_NAMES = 100_000;

export class Component {
  private readonly holding: Set<string>;
  /** By the name of what it asked with. */
  private readonly loading = new Map<string, string>();
  private readonly voted = new Set<string>();
  private formed: boolean;
  private current: Beginning;

  constructor(beginning: Beginning) {
    this.current = beginning;
    this.holding = new Set(beginning.holders);
    this.formed = beginning.quorum === null;
  }

  get lineage(): number {
    return this.current.lineage;
  }

  /** Of the state here. */
  get epoch(): number {
    return this.formed ? this.current.next : this.current.epoch;
  }

  /** The number of its own epoch, in force or not. */
  get next(): number {
    return this.current.next;
  }

  /** Rule 8. Whether its epoch is in force; without a quorum always. */
  get isFormed(): boolean {
    return this.formed;
  }

  /** Rule 9. Whether commands are applied. */
  get isPrimary(): boolean {
    return this.formed && this.holding.size >= (this.current.quorum ?? 1);
  }

  get holders(): ReadonlySet<string> {
    return this.holding;
  }

  /** What this member asks for the state with; undefined: it does not wait for it. */
  askOf(name: string): string | undefined {
    return this.loading.get(name);
  }

  /** Rule 11. It wants the state as it is here. */
  asked(name: string, ask: string): void {
    this.holding.delete(name);
    this.loading.set(name, ask);
  }

  /** Rule 12. It has the state. @returns whether it had asked with that */
  arrived(name: string, ask: string): boolean {
    if (this.loading.get(name) !== ask) return false;
    this.loading.delete(name);
    this.holding.add(name);
    return true;
  }

  /** Rule 8. @returns whether that put the epoch in force */
  vote(name: string, epoch: number): boolean {
    if (this.formed || epoch !== this.current.next || !this.holding.has(name)) return false;
    this.voted.add(name);
    const count = [...this.voted].filter((each) => this.holding.has(each)).length;
    this.formed = count >= (this.current.quorum ?? 1);
    return this.formed;
  }

  /**
   * Rule 10. Whether it continues in this view as it is. Who comes or ends in the order does so for all of it; what the
   * network takes away may go on elsewhere, which matters only where a quorum is asked for.
   */
  canContinue({ cause, cameWithMe, members }: RecipeView): boolean {
    if (!this.formed || !members.some((name) => this.holding.has(name))) return false;
    return cause !== 'network' || (this.current.quorum === null && cameWithMe.length === members.length);
  }

  continue({ id, cause, cameWithMe, members }: RecipeView): void {
    const here = new Set(members);
    for (const name of this.holding) if (!here.has(name)) this.holding.delete(name);
    for (const name of this.loading.keys()) if (!here.has(name)) this.loading.delete(name);
    if (cause === 'network') this.leave(id, cameWithMe[0] ?? '');
  }

  /** The name of the state from here on. @param side tells it from that of others who leave it at another position */
  leave(view: RecipeView['id'], side: string): void {
    if (!this.formed) return;
    const lineage = extendLineage(this.current.lineage, view, side);
    this.current = { ...this.current, lineage };
  }

  /** For a member that comes later. */
  encode(): Buffer {
    const { quorum, lineage, epoch, next } = this.current;
    const writer = new BodyWriter('replicated', KIND);
    writer
      .number(quorum ?? 0)
      .number(lineage)
      .number(epoch)
      .number(next)
      .flag(this.formed);
    writer
      .texts([...this.holding])
      .texts([...this.voted])
      .number(this.loading.size);
    for (const [name, ask] of this.loading) writer.text(name).text(ask);
    return writer.finish();
  }

  /** Null for what is no component. */
  static decode(bytes: Buffer): Component | null {
    const component = readBody('replicated', bytes, (reader) => Component.read(reader));
    return component && Math.max(component.epoch, component.next) <= LAST_EPOCH ? component : null;
  }

  private static read(reader: BodyReader): Component {
    const [quorum, lineage, epoch, next] = [
      reader.number(),
      reader.number(),
      reader.number(),
      reader.number(),
    ];
    const formed = reader.flag();
    const holders = reader.texts(MAX_NAMES);
    const component = new Component({ quorum: quorum || null, lineage, epoch, next, holders });
    component.formed = formed;
    for (const name of reader.texts(MAX_NAMES)) component.voted.add(name);
    for (let count = Math.min(reader.number(), MAX_NAMES); count > 0; count--) {
      const name = reader.text();
      component.loading.set(name, reader.text());
    }
    return component;
  }
}
