/**
 * Returns that wait like joins until what they change can be ordered: the groups of before are left, and those that the
 * session wants are joined, each with a view for its members. Of one session one return is on its way at a time, and one
 * waits: that of its highest try.
 */
import { nameField } from '../../lib/wire/name.js';
import { type Admission, isAwaited, type WaitsFor } from './admission.js';
import type { Group, LocalSession } from './group.js';
import type { GroupMembership } from './group-membership.js';
import type { Groups } from './groups.js';
import type { ResumeState } from './resume-state.js';
import type { Resumption } from './resumption.js';
import type { UnderWay } from './table-limits.js';
import type { Turns } from './turns.js';

interface Parts {
  readonly groups: Groups;
  readonly views: Pick<GroupMembership, 'members'>;
  readonly underWay: UnderWay;
  readonly turns: Turns;
  readonly admission: Admission;
  readonly resumption: Pick<Resumption, 'isReturning' | 'nameBefore'>;
}

/** What a returning client asks for. */
export interface AskedReturn {
  /** The session of its connection; the core does not know that of one that is to take another over. */
  readonly session: LocalSession;
  /** That of its own connection, with its try. */
  readonly state: ResumeState;
  /** The private group that it had, as its client says. */
  readonly oldName: string;
  /** Names of the groups that it wants. */
  readonly wanted: readonly string[];
}

/** One that has asked, and was not admitted so far. */
interface WaitingReturn {
  readonly asked: AskedReturn;
  /** Groups that are left, and names of those that are joined: nobody hears of the others. */
  readonly changed: readonly (Group | string)[];
  /** How many of these were looked at, and wait for no member any more. */
  looked: number;
}

const NO_GROUPS: ReadonlySet<Group> = new Set();

export class ReturnTurns {
  /** By the id of the session. */
  private readonly waiting = new Map<bigint, WaitingReturn>();

  constructor(private readonly parts: Parts) {}

  /**
   * Whether the return may be ordered now, with nothing in between. It is asked with the same object again when it is the
   * session's turn; `forget` takes it back. A lower try of the session that waits ends with it. One that changes no group waits just
   * for the return before it.
   * @returns false when it has to wait, as for `submit` of the core: `retry` of the outlet is called
   */
  admits(asked: AskedReturn, waitsFor: WaitsFor): boolean {
    const { turns, resumption } = this.parts;
    const { session, state } = asked;
    const own = this.enter(asked);
    if (own === null || resumption.isReturning(state.sid) || !this.isRoomFor(own, waitsFor))
      return turns.wait(session);
    this.waiting.delete(state.sid);
    return true;
  }

  /** Whether a session of this daemon with that id is about to come back. */
  isWaiting(sid: bigint): boolean {
    return this.waiting.has(sid);
  }

  /** It does not wait any more: its connection has ended. */
  forget(state: ResumeState): void {
    if (this.waiting.get(state.sid)?.asked.state === state) this.waiting.delete(state.sid);
  }

  /** The return of the session is about to be ordered. @param groups those that it wants, and may join */
  begin(session: LocalSession, oldName: string, groups: readonly string[]): void {
    const { underWay, admission } = this.parts;
    const wanted = groups.map((name) => [name, this.parts.groups.find(nameField(name), 0)] as const);
    for (const [name, group] of wanted) underWay.begin(name, group);
    admission.beginReturn({ session, ...this.before(session, oldName), wanted });
  }

  /** @returns null while a higher try of the same session waits */
  private enter(asked: AskedReturn): WaitingReturn | null {
    const { state, session, wanted, oldName } = asked;
    const first = this.waiting.get(state.sid);
    if (first?.asked === asked) return first;
    if (first !== undefined && first.asked.state.attempt >= state.attempt) return null;
    const { had, keepsName } = this.before(session, oldName);
    const names = new Set(wanted);
    const left = keepsName ? [...had].filter(({ name }) => !names.has(name)) : had;
    const joined = keepsName ? wanted.filter((name) => !this.isAmong(name, had)) : wanted;
    const changed = [...left, ...joined];
    const own = { asked, changed, looked: 0 };
    this.waiting.set(state.sid, own);
    first?.asked.state.sink.expel('taken-over');
    return own;
  }

  private isRoomFor(own: WaitingReturn, waitsFor: WaitsFor): boolean {
    const { turns, admission } = this.parts;
    if (own.changed.length === 0) return true;
    return turns.isFree(own.asked.session) && !admission.isFull && !this.isAwaited(own, waitsFor);
  }

  private isAmong(name: string, had: ReadonlySet<Group>): boolean {
    const group = this.parts.groups.find(nameField(name), 0);
    return group !== undefined && had.has(group);
  }

  /** Each group is looked at until nobody in it is behind: thousands of them cost no more for being asked often. */
  private isAwaited(own: WaitingReturn, waitsFor: WaitsFor): boolean {
    for (; own.looked < own.changed.length; own.looked++) {
      const changed = own.changed[own.looked] as Group | string;
      const group = typeof changed === 'string' ? this.parts.groups.find(nameField(changed), 0) : changed;
      if (group !== undefined && isAwaited(group, waitsFor)) return true;
    }
    return false;
  }

  /** The groups that the session is in under the name that it has until its return. */
  private before(
    { privateGroup, resume }: LocalSession,
    oldName: string,
  ): { readonly had: ReadonlySet<Group>; readonly keepsName: boolean } {
    const { views, resumption } = this.parts;
    const name = resume === null ? oldName : resumption.nameBefore(resume.sid, oldName);
    return { had: views.members.get(name)?.groups ?? NO_GROUPS, keepsName: name === privateGroup };
  }
}
