/**
 * From the groups as they were to the groups as all daemons of a new daemon view have them [daemon 2.4 to
 * 2.7]. What the daemons with this one's past have is in the groups already; members of daemons that are gone go, those
 * of daemons with other pasts come. A group that lost nobody and whose members were together all the time keeps its id,
 * and nobody is told.
 */
import { Buffer } from 'node:buffer';
import { NAME_BYTES } from '../../lib/wire/limits.js';
import { encodeRegularMembership, encodeTransition } from '../../lib/wire/membership.js';
import { writeName } from '../../lib/wire/name.js';
import { CAUSED_BY_NETWORK } from '../../lib/wire/service.js';
import type { DaemonShare, StateExchange } from './exchange.js';
import { type GroupMembership, fieldsOf, isHeard } from './group-membership.js';
import type { Group, Member, Place } from './group.js';
import { type Groups, sortedByName } from './groups.js';

const STEP = 64;
/** The set of those who came with this daemon. */
const OWN = '';

export class Settlement {
  private readonly places: readonly Place[];
  /** Groups that get a view and that gave no transitional signal. */
  private readonly more: Group[] = [];
  private readonly pieces = new Map<Group, readonly DaemonShare[]>();
  private readonly era: StateExchange['era'];

  /** @param daemons names of the view's daemons in its order */
  constructor(
    private readonly groups: Groups,
    private readonly views: GroupMembership,
    private readonly exchange: StateExchange,
    daemons: readonly string[],
  ) {
    this.era = exchange.era;
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
    groups.begin(...this.era);
    const isOrdered = this.putInPlace();
    yield* this.removeGone();
    yield* this.signal();
    if (!isOrdered) yield* this.sortAll();
    yield* this.merge();
    const told: Group[] = [];
    let count = 0;
    for (const list of [views.losing, this.more]) {
      for (const group of list) {
        if (++count % STEP === 0) yield STEP / 4;
        if (this.begin(group) && isHeard(group)) told.push(group);
      }
    }
    views.losing = [];
    for (const group of yield* sortedByName(told)) {
      yield views.tell(group, () => this.frame(group)) + group.members.length / 16;
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
    views.places = places;
    return stayed.every(({ position }, i) => i === 0 || position > (stayed[i - 1] as Place).position);
  }

  private *removeGone(): Generator<number, void> {
    const { views } = this;
    let count = 0;
    for (const { place, privateGroup, groups } of views.members.values()) {
      if (++count % STEP === 0) yield STEP / 8;
      if (place.position >= 0) continue;
      views.members.delete(privateGroup);
      for (const group of groups) {
        if (++count % STEP === 0) yield STEP / 8;
        views.memberships--;
        if (group.inTransition) continue;
        group.inTransition = true;
        this.more.push(group);
      }
    }
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
    for (const group of yield* sortedByName(this.more.filter(isHeard)))
      yield this.views.tell(group, () => encodeTransition(group.name, group.id));
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
    for (const [name, pieces] of this.exchange.pieces) {
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
          group.append(this.memberOf(members[i] as string, this.places[daemon] as Place));
          if (i % STEP === STEP - 1) yield STEP;
        }
        this.views.memberships += members.length;
      }
      if (isOwn || pieces.length > 1) group.sort();
      yield 1 + group.members.length / 4;
      const isTouched = sets.size > 1 || pieces.some(({ lost }) => lost);
      if (!isTouched && !group.inTransition) continue;
      if (!group.inTransition) this.more.push(group);
      group.inTransition = true;
      if (group.local.length > 0) this.pieces.set(group, pieces);
    }
  }

  private memberOf(name: string, place: Place): Member {
    return this.views.members.get(name) ?? this.views.enter(name, place, null);
  }

  /** The receivers' own set is the one with the members of their daemon. */
  private frame(group: Group): Buffer {
    const sets = this.setsOf(group);
    const own = [...sets.keys()].indexOf(OWN);
    const { name, id } = group;
    return encodeRegularMembership(name, CAUSED_BY_NETWORK, fieldsOf(group), id, [...sets.values()], own);
  }

  /** The vs sets: those who moved together, with the same past and from the same view. */
  private setsOf(group: Group): Map<string, Buffer[]> {
    const keys = new Map(this.pieces.get(group)?.map((piece) => [piece.daemon, setOf(piece)]));
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

const setOf = ({ past, id }: DaemonShare): string => `${past} ${id.join('.')}`;
