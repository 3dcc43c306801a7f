/**
 * From the groups as they were to the groups as all daemons of a new daemon view have them [daemon 2.4 to
 * 2.7]. What the daemons with this one's past have is in the groups already; members of daemons that are gone go, those
 * of daemons with other pasts come. A group that lost nobody and whose members were together all the time keeps its id,
 * and nobody is told.
 */
import { Buffer } from 'node:buffer';
import { NAME_BYTES } from '../../lib/wire/limits.js';
import { encodeRegularMembership } from '../../lib/wire/membership.js';
import { writeName } from '../../lib/wire/name.js';
import { CAUSED_BY_NETWORK } from '../../lib/wire/service.js';
import type { DaemonShare, StateExchange } from './exchange.js';
import { type GroupMembership, fieldsOf, isHeard } from './group-membership.js';
import type { Group, LocalSession, Member, Place } from './group.js';
import { type Groups, sortedByName } from './groups.js';
import { deliverList } from './member-lists.js';
import { encodeNetwork } from '../../lib/wire/extension/network.js';
import { NetworkChanges } from './network-changes.js';

const STEP = 64;
/** The set of those who came with this daemon. */
const OWN = '';

export class Settlement {
  private readonly places: readonly Place[];
  /** Groups that get a view and that gave no transitional signal. */
  private readonly more: Group[] = [];
  private readonly pieces = new Map<Group, readonly DaemonShare[]>();
  /** Of the groups with compact members here. */
  private readonly changes: NetworkChanges;
  private readonly era: StateExchange['era'];
  /** Groups with members elsewhere alone, which were together all the time: nobody gets a view, and it is noted. */
  private readonly silent: Group[] = [];
  /** Names of daemons whose sessions go. */
  private readonly gone = new Set<string>();

  /** @param daemons names of the view's daemons in its order */
  constructor(
    private readonly groups: Groups,
    private readonly views: GroupMembership,
    private readonly exchange: StateExchange,
    daemons: readonly string[],
    /** Whether the private group is one that a session had before it moved: nobody has it. */
    private readonly isFormer: (name: string) => boolean = () => false,
  ) {
    this.era = exchange.era;
    this.changes = new NetworkChanges(views.record.isOn || views.watcher !== null);
    const { sameOrigin: companions } = exchange;
    const before = new Map(views.places.map((place) => [place.daemon, place]));
    this.places = daemons.map((daemon, position) => {
      const known = companions[position] === true ? before.get(daemon) : undefined;
      return known ?? { daemon, position: -1 };
    });
  }

  /** @yields units of work */
  *run(): Generator<number, void> {
    const { views, groups } = this;
    views.closeRun();
    groups.begin(...this.era);
    const isOrdered = this.putInPlace();
    yield* this.removeGone();
    yield* this.signal();
    if (!isOrdered) yield* this.sortAll();
    for (const [name, subject] of this.exchange.subjects()) views.subjects.state(name, subject);
    yield* this.merge();
    const told: Group[] = [...this.silent];
    let count = 0;
    for (const list of [views.losing, this.more]) {
      for (const group of list) {
        if (++count % STEP === 0) yield STEP / 4;
        const isTouched = group.inTransition;
        const isListened = this.begin(group) && isHeard(group);
        if (isTouched) views.watcher?.(this.changes.watched(group));
        if (isListened || (isTouched && views.record.isOn)) told.push(group);
      }
    }
    views.losing = [];
    for (const group of yield* sortedByName(told)) {
      if (views.record.isOn) this.note(group, !isOrdered);
      if (group.members.length === 0) continue;
      yield this.tell(group, !isOrdered) + group.members.length / 16;
      views.checkSize(group);
    }
    if (!isOrdered) yield* this.listAgain(new Set(told));
  }

  /** For those who come back: also the view of a group that nobody hears of here, or that has vanished. */
  private note(group: Group, isReordered: boolean): void {
    const { record, subjects } = this.views;
    const view = this.changes.view(group, this.keyOf(group), OWN, isReordered, subjects);
    record.network(view, this.changes.goneSubjects(group));
  }

  /** @returns how many got it */
  private tell(group: Group, isReordered: boolean): number {
    const receivers = group.isPlain ? this.views.tell(group, () => this.frame(group), 'whole') : 0;
    return receivers + (group.compact > 0 ? this.tellCompact(group, isReordered) : 0);
  }

  /** Who has no list cannot know the own place when others go and come: the head of a list tells it. */
  private tellCompact(group: Group, isReordered: boolean): number {
    const { subjects } = this.views;
    const keyOf = this.keyOf(group);
    const ownIndexOf = placesOf(group, isReordered ? group.compact : (group.onDemand?.size ?? 0));
    const frames: (Buffer | undefined)[] = [];
    let receivers = 0;
    for (const session of group.local) {
      if (!session.isCompact || session.leaving) continue;
      const isListed = isReordered || group.onDemand?.has(session) === true;
      const frame = (frames[isListed ? 1 : 0] ??= encodeNetwork(
        this.changes.view(group, keyOf, OWN, isListed, subjects),
      ));
      session.outlet.deliver(frame, 0, frame.length, 1);
      if (isListed) deliverList(group, session, 'network', subjects, ownIndexOf?.get(session));
      receivers++;
    }
    return receivers;
  }

  /** The order of members changed, and these groups get no view: records to come would name other places. */
  private *listAgain(told: ReadonlySet<Group>): Generator<number, void> {
    const { record } = this.views;
    for (const group of this.groups.values()) {
      if (told.has(group)) continue;
      record.reordered(group);
      if (group.compact === 0) continue;
      for (const session of group.local)
        if (session.isCompact && !session.leaving) this.views.sendList(group, session);
      yield group.members.length / 16;
    }
  }

  /** A touched group gets a view. @returns whether it has members for it */
  private begin(group: Group): boolean {
    if (!group.inTransition) return false;
    group.inTransition = false;
    group.id = [this.era[0] | 0, this.era[1] | 0, 1];
    if (group.members.length > 0) return true;
    this.groups.drop(group);
    return false;
  }

  /** @returns whether those who were there stand in the order in which they stood */
  private putInPlace(): boolean {
    const { views, places } = this;
    const stayed = views.places.filter((place) => places.includes(place));
    for (const place of views.places) place.position = -1;
    for (const [position, place] of places.entries()) place.position = position;
    for (const { daemon, position } of views.places) if (position < 0) this.gone.add(daemon);
    views.places = places;
    return stayed.every(({ position }, i) => i === 0 || position > (stayed[i - 1] as Place).position);
  }

  private *removeGone(): Generator<number, void> {
    const { views } = this;
    let count = 0;
    for (const member of views.members.values()) {
      const { place, privateGroup, groups } = member;
      if (++count % STEP === 0) yield STEP / 8;
      member.isFormer = this.isFormer(privateGroup);
      if (place.position >= 0 && !member.isFormer) continue;
      views.exit(member);
      for (const group of groups) {
        if (++count % STEP === 0) yield STEP / 8;
        views.memberships--;
        this.changes.goes(group, member, views.subjects);
        if (member.session && group.removeLocal(member.session)) views.ownGroups--;
        if (group.inTransition) continue;
        group.inTransition = true;
        this.more.push(group);
      }
    }
    views.subjects.forgetDaemons(this.gone);
    for (const list of [views.losing, [...this.more]]) {
      for (const group of list) {
        group.removeGone();
        if (++count % STEP === 0) yield STEP / 4;
        if (group.members.length >= STEP) yield group.members.length / 32;
      }
    }
  }

  /**
   * Their daemons came along with this one, and yet have another past: they have completed an exchange that was not
   * completed here, or the reverse. The signal is due all the same [daemon E10].
   */
  private *signal(): Generator<number, void> {
    const { record } = this.views;
    for (const group of yield* sortedByName(this.more.filter((each) => record.isOn || isHeard(each))))
      yield this.views.signal(group);
  }

  private *sortAll(): Generator<number, void> {
    for (const group of this.groups.values()) {
      group.sort();
      yield 0.5 + group.members.length / 4;
    }
  }

  /** What daemons with other pasts have. */
  private *merge(): Generator<number, void> {
    const field = Buffer.alloc(NAME_BYTES);
    for (const [name, told] of this.exchange.pieces) {
      const pieces = this.withoutFormer(told);
      if (pieces.length === 0) continue;
      writeName(field, 0, name);
      const known = this.groups.find(field, 0);
      const group = known ?? this.groups.restore(name, (pieces[0] as DaemonShare).id);
      const isOwn = group.members.length > 0;
      if (!isOwn) {
        // Whom it lost has nothing to do with those who come.
        group.inTransition = false;
        group.id = (pieces[0] as DaemonShare).id;
      }
      const sets = new Set(pieces.map(setOf));
      if (isOwn) sets.add(OWN);
      for (const { daemon, members } of pieces) {
        for (let i = 0; i < members.length; i++) {
          const member = this.memberOf(members[i] as string, this.places[daemon] as Place);
          group.append(member);
          this.changes.comes(group, member);
          if (i % STEP === STEP - 1) yield STEP;
        }
        this.views.memberships += members.length;
      }
      if (isOwn || pieces.length > 1) group.sort();
      yield 1 + group.members.length / 4;
      const isTouched = sets.size > 1 || pieces.some(({ lost }) => lost);
      if (!isTouched && !group.inTransition) {
        if (this.views.record.isOn) {
          this.silent.push(group);
          this.pieces.set(group, pieces);
        }
        continue;
      }
      if (!group.inTransition) this.more.push(group);
      group.inTransition = true;
      if (group.local.length > 0 || this.views.record.isOn) this.pieces.set(group, pieces);
    }
  }

  /**
   * Without those whose session has moved. The group has lost them at all daemons that held it with them, also where all of a
   * daemon's own members have moved: those of one past give it a new id.
   */
  private withoutFormer(told: readonly DaemonShare[]): readonly DaemonShare[] {
    const kept = told.map(({ members }) => members.filter((name) => !this.isFormer(name)));
    const isLosing = ({ members }: DaemonShare, i: number): boolean => kept[i]?.length !== members.length;
    const losing = new Set(told.filter(isLosing).map(setOf));
    const rest: DaemonShare[] = [];
    for (const [i, piece] of told.entries()) {
      const members = kept[i] ?? [];
      const lost = piece.lost || losing.has(setOf(piece));
      if (members.length > 0) rest.push({ ...piece, members, lost });
    }
    return rest;
  }

  private memberOf(name: string, place: Place): Member {
    const { members } = this.views;
    return members.get(name) ?? this.views.enter(name, place, null, !this.exchange.compact.has(name));
  }

  /** The receivers' own set is the one with the members of their daemon. */
  private frame(group: Group): Buffer {
    const sets = this.setsOf(group);
    const own = [...sets.keys()].indexOf(OWN);
    const { name, id } = group;
    return encodeRegularMembership(name, CAUSED_BY_NETWORK, fieldsOf(group), id, [...sets.values()], own);
  }

  /** Names the vs set of a member; null when all moved together and nobody comes. */
  private keyOf(group: Group): ((member: Member) => string) | null {
    const keys = this.keysOf(group);
    return keys.size === 0 ? null : ({ place }) => keys.get(place.position) ?? OWN;
  }

  /** Names of the vs sets by position of the daemon, where it is not the own one. */
  private keysOf(group: Group): ReadonlyMap<number, string> {
    return new Map(this.pieces.get(group)?.map((piece) => [piece.daemon, setOf(piece)]));
  }

  /** The vs sets: those who moved together, with the same past and from the same view. */
  private setsOf(group: Group): Map<string, Buffer[]> {
    const keys = this.keysOf(group);
    const sets = new Map<string, Buffer[]>();
    for (const { place, field } of group.members) {
      const key = keys.get(place.position) ?? OWN;
      const set = sets.get(key);
      if (set) set.push(field);
      else sets.set(key, [field]);
    }
    return sets;
  }
}

/** The places of sessions in the list when many of them need to know; else each one is found by itself: null. */
function placesOf({ members }: Group, sessions: number): Map<LocalSession, number> | null {
  if (sessions < members.chunks.length) return null;
  const places = new Map<LocalSession, number>();
  let index = 0;
  for (const { items } of members.chunks) {
    for (const { session } of items) {
      if (session !== null) places.set(session, index);
      index++;
    }
  }
  return places;
}

const setOf = ({ past, id }: DaemonShare): string => `${past} ${id.join('.')}`;
