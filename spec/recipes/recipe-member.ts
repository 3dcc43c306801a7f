/** One member of the group model: its core, its own pace and clock, and what it gets when its connection was lost. */
import type { Buffer } from 'node:buffer';
import type { MembersOnly } from '../../lib/recipes/core/members-only.js';
import type { Sender, RecipeView } from '../../lib/recipes/core/port.js';
import type { Daemon, DataEntry, GroupClient, GroupView } from '../support/group-network/daemon.js';
import type { GroupRecord, RecordItem, RecordPlace } from './group-record.js';

type Service = 'agreed' | 'safe';

/** What a member needs of its world. */
interface MemberWorld {
  readonly now: number;
  /** Members that have said something in views in which they are not. */
  readonly strays: Set<string>;
  send(member: Member, to: readonly string[] | null, body: Buffer, isSafe: boolean): void;
  /** A member is back. */
  returns(before: string, now: string): void;
  /** The view, with who has returned. */
  statesReturn(view: RecipeView & { readonly changed: string | null }): RecipeView;
}

interface Input {
  readonly act: (core: MembersOnly, now: number) => void;
  /** How far it has come with that; null: as far as before. */
  readonly place: RecordPlace | null;
}

/** One member: a daemon of its own with one client. */
export class Member implements GroupClient, Sender {
  core: MembersOnly | null = null;
  isJoined = false;
  isUp = true;
  /** Takes nothing, as a stopped process. */
  isFrozen = false;
  /** Whether its connection is lost, or it does not know yet that it is a member again. */
  isAway = false;
  /** Whether its core knows of the loss. */
  private isSuspended = false;
  /** Whether the view in which it is a member again is on its way to it. */
  private isReturning = false;
  /** Whether it is connected to a daemon. */
  isConnected = true;
  /** As its daemon has it, whether it was taken or not. */
  lastView: RecipeView | null = null;
  id: string;
  /** A daemon that knows what became of what it has sent. */
  witness: Daemon<Member>;
  /** What it has sent, and the daemon that it has lost did not pass on. */
  unsent: DataEntry[] = [];
  /** Ids that it had before. */
  private readonly former = new Set<string>();
  /** How far it has come in what its daemon has delivered; null: nobody knows, after a gap. */
  private place: RecordPlace | null = null;
  /** Under which id it is a member at its place; null: it is not, and only sees what happens. */
  private memberAs: string | null = null;
  /** Who has returned in views in which it was not. */
  private readonly meanwhile: NonNullable<RecipeView['returned']>[number][] = [];
  /** Private messages that came there. */
  private readonly held: { readonly sender: string; readonly body: Buffer }[] = [];
  /** Whether the transitional signal of its view has come. */
  private hasSignal = false;
  /** Whether what it missed is given to it from its place on. */
  private isWhole = false;
  private readonly inbox: Input[] = [];

  /** @param ahead how far its clock is ahead */
  constructor(
    readonly index: number,
    readonly name: string,
    public daemon: Daemon<Member>,
    private readonly world: MemberWorld,
    public ahead: number,
  ) {
    this.id = `#${name}#${daemon.name}`;
    this.witness = daemon;
  }

  now(): number {
    return this.world.now + this.ahead;
  }

  get isMember(): boolean {
    return this.daemon.members.includes(this.id);
  }

  /** Whether it has taken everything that came to it. */
  get isIdle(): boolean {
    return this.inbox.length === 0;
  }

  /** When it has something to do, in the time of the world. */
  get dueAt(): number {
    return this.isFrozen || !this.core ? Infinity : this.core.dueAt - this.ahead;
  }

  send(body: Buffer, service: Service): void {
    if (this.isSuspended && this.memberAs === null) this.world.strays.add(this.id);
    this.world.send(this, null, body, service === 'safe');
  }

  sendTo(id: string, body: Buffer): void {
    this.world.send(this, [id], body, false);
  }

  view(view: GroupView): void {
    this.lastView = view;
    const isFirst = view.cause === 'join' && view.changed === this.id;
    const stated = this.world.statesReturn(view);
    if (this.isAway && !this.isReturning) return this.rejoin(stated);
    if (isFirst) this.memberAs = this.id;
    this.shown(stated, this.placeNow(isFirst), true);
  }

  transition(): void {
    this.give((core, now) => this.signalled(core, now), this.placeNow());
  }

  message(sender: string, body: Buffer, toGroup: boolean, isSafe: boolean): void {
    this.give((core, now) => {
      if (toGroup) core.message(sender, body, now, isSafe ? 'safe' : 'agreed');
      else core.direct(sender, body, now);
    }, this.placeNow());
  }

  /** A private message to an id that it had before. */
  alias(sender: string, to: readonly string[], body: Buffer): void {
    if (!this.isJoined || to.includes(this.id) || !to.some((id) => this.former.has(id))) return;
    this.message(sender, body, false, false);
  }

  left(): void {
    this.give((core, now) => core.left(now));
  }

  /** Its clock jumps. Never back while the core waits: the one that the library uses does not, and timers are set by it. */
  jump(ahead: number): void {
    if (ahead >= this.ahead || this.core?.dueAt === Infinity) this.ahead = ahead;
  }

  /** Takes the next input. @returns false when there is none, or it is frozen */
  take(): boolean {
    const input = this.isFrozen ? undefined : this.inbox.shift();
    if (!input) return false;
    if (input.place) this.place = input.place;
    if (this.core) input.act(this.core, this.now());
    return true;
  }

  /** What it has not taken is missing. A process that is stopped notices it later. */
  lose(): void {
    this.isAway = true;
    this.isConnected = this.isJoined = this.isReturning = false;
    this.record.observers.delete(this);
    this.inbox.length = 0;
    this.give((core, now) => {
      if (!this.isSuspended) core.lost(now);
      this.isSuspended = true;
    });
    if (!this.isFrozen) this.take();
  }

  /**
   * It is connected again, maybe to another daemon, which gives it what it has missed, if it can.
   * @param isWhole false: it begins again
   */
  connected(daemon: Daemon<Member>, isWhole = false): void {
    const before = this.id;
    const place = isWhole && this.place ? recordOf(daemon).placeOf(this.place) : null;
    this.isConnected = true;
    this.daemon = this.witness = daemon;
    this.id = `#${this.name}#${daemon.name}`;
    this.former.add(before);
    this.world.returns(before, this.id);
    this.isWhole = place !== null;
    if (!place) this.meanwhile.length = 0;
    this.place = place;
    if (place) this.replay(place);
  }

  /** From its place on, and then what the daemon delivers until it is a member again. */
  private replay(place: RecordPlace): void {
    const { record } = this;
    let { memberAs } = this;
    let isSignalled = this.hasSignal;
    const observe = (item: RecordItem, at: number): void => {
      const next = { record, since: place.since, at };
      if (item.kind === 'direct') {
        if (!item.to.some((id) => id === this.id || this.former.has(id))) return;
        return this.give((core, now) => {
          if (this.memberAs === null) this.held.push(item);
          else core.direct(item.sender, item.body, now);
        }, next);
      }
      if (item.kind === 'view') {
        // The last one, in which it is a member again, comes as to any member.
        if (this.isJoined) return;
        const { members } = item.view;
        const wasInside = memberAs !== null;
        memberAs = members.includes(memberAs ?? this.id) ? (memberAs ?? this.id) : null;
        isSignalled = false;
        if (memberAs === null) this.observed(item, next);
        else this.shown(item.view, next, wasInside);
      } else if (item.kind === 'signal') {
        if (isSignalled) return;
        isSignalled = true;
        if (memberAs !== null) this.give((core, now) => this.signalled(core, now), next);
      } else if (memberAs !== null) {
        const { sender, body, isSafe } = item;
        this.give((core, now) => void core.message(sender, body, now, isSafe ? 'safe' : 'agreed'), next);
      } else this.observed(item, next);
    };
    if (record.hasSignalBefore(place)) observe({ kind: 'signal' }, place.at);
    for (let at = place.at; at < record.items.length; at++) observe(record.items[at] as RecordItem, at + 1);
    record.observers.set(this, observe);
  }

  /** What happens in views in which it is not. */
  private observed(item: RecordItem, place: RecordPlace): void {
    this.give((core, now) => {
      if (item.kind === 'message')
        core.overhear(item.sender, item.body, now, item.isSafe ? 'safe' : 'agreed');
      if (item.kind !== 'view') return;
      this.memberAs = null;
      this.meanwhile.push(...(item.view.returned ?? []));
      core.observe(item.view, now);
    }, place);
  }

  /** @param wasMember whether it was one in the view before */
  private shown(view: RecipeView, place: RecordPlace, wasMember: boolean): void {
    const { id, isWhole } = this;
    this.give((core, now) => {
      this.hasSignal = false;
      const meanwhile = this.meanwhile.splice(0);
      if (!wasMember) {
        this.memberAs = id;
        core.rejoined(id, isWhole, now);
      }
      core.view({ ...view, returned: [...meanwhile, ...(view.returned ?? [])] }, now);
      for (const { sender, body } of this.held.splice(0)) core.direct(sender, body, now);
    }, place);
  }

  private signalled(core: MembersOnly, now: number): void {
    this.hasSignal = true;
    core.transition(now);
  }

  private rejoin(view: RecipeView): void {
    this.isReturning = true;
    this.record.observers.delete(this);
    this.shown(view, this.placeNow(true), false);
    this.give((core, now) => {
      this.isAway = this.isReturning = this.isSuspended = false;
      core.resumed(now);
    });
  }

  private get record(): GroupRecord {
    return recordOf(this.daemon);
  }

  /** @param isFirst whether it becomes a member with what its daemon has delivered last */
  private placeNow(isFirst = false): RecordPlace {
    const { record } = this;
    const at = record.items.length;
    const since = isFirst ? at - 1 : (this.inbox.findLast(({ place }) => place)?.place ?? this.place)?.since;
    return { record, since: since ?? at, at };
  }

  end(): void {
    this.isUp = false;
    this.core = null;
    this.inbox.length = 0;
  }

  private give(act: Input['act'], place: RecordPlace | null = null): void {
    if (this.core) this.inbox.push({ act, place });
  }
}

export const recordOf = ({ listener }: Daemon<Member>): GroupRecord => listener as GroupRecord;
