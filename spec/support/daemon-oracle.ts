/**
 * What one daemon is to do, said as simply as it can be: operations in their order go in, and for each session the
 * lines that it is to get come out [daemon 2.2 to 2.8]. It shares no code with the daemon.
 */
import { CAUSAL_MESS, SELF_DISCARD } from '../../lib/wire/service.js';

export type Operation =
  | { readonly kind: 'open'; readonly who: string; readonly membership: boolean }
  | { readonly kind: 'join' | 'leave'; readonly who: string; readonly group: string }
  | {
      readonly kind: 'send';
      readonly who: string;
      readonly service: number;
      readonly to: readonly string[];
      readonly text: string;
    }
  | { readonly kind: 'end'; readonly who: string };

/** One frame that a session is to get, in the words of `tell`; all frames of one view have its number. */
export interface Due {
  readonly line: string;
  readonly view: number | null;
  readonly service: number | null;
}

interface ModelSession {
  readonly membership: boolean;
  readonly due: Due[];
}

export class DaemonOracle {
  /** By private group. */
  readonly sessions = new Map<string, ModelSession>();
  private readonly groups = new Map<string, Set<string>>();
  private views = 0;

  apply(operation: Operation): void {
    const { who } = operation;
    if (operation.kind === 'open') this.sessions.set(who, { membership: operation.membership, due: [] });
    else if (operation.kind === 'join') this.join(who, operation.group);
    else if (operation.kind === 'leave') this.leave(who, operation.group);
    else if (operation.kind === 'send') this.send(who, operation.service, operation.to, operation.text);
    else this.end(who);
  }

  membersOf(group: string): string[] {
    return [...(this.groups.get(group) ?? [])].toSorted();
  }

  get groupCount(): number {
    return this.groups.size;
  }

  private join(who: string, group: string): void {
    const members = this.groups.get(group) ?? new Set();
    if (members.has(who)) return;
    this.groups.set(group, members.add(who));
    this.announce('join', group, who);
  }

  private leave(who: string, group: string): void {
    if (!this.remove(who, group, 'leave')) return;
    this.give([who], { line: `self-leave ${group}`, view: null, service: null }, true);
  }

  private end(who: string): void {
    for (const group of [...this.groups.keys()].toSorted()) this.remove(who, group, 'disconnect');
    this.sessions.delete(who);
  }

  private remove(who: string, group: string, cause: string): boolean {
    const members = this.groups.get(group);
    if (!members?.delete(who)) return false;
    if (members.size === 0) this.groups.delete(group);
    this.announce(cause, group, who);
    return true;
  }

  private announce(cause: string, group: string, changed: string): void {
    const members = this.membersOf(group);
    const line = `${cause} ${group}: ${[...members, `(${changed})`].join(' ')}`;
    this.give(members, { line, view: ++this.views, service: null }, true);
  }

  private send(who: string, service: number, to: readonly string[], text: string): void {
    const receivers = new Set(to.flatMap((name) => (name.startsWith('#') ? [name] : this.membersOf(name))));
    if ((service & SELF_DISCARD) !== 0) receivers.delete(who);
    this.give([...receivers], { line: `${who} > ${to.join(',')}: ${text}`, view: null, service }, false);
  }

  private give(receivers: readonly string[], due: Due, isMembership: boolean): void {
    for (const receiver of receivers) {
      const session = this.sessions.get(receiver);
      if (session && (session.membership || !isMembership)) session.due.push(due);
    }
  }
}

/** The six services. */
export const SERVICES = [1, 2, 4, CAUSAL_MESS, 16, 32] as const;
