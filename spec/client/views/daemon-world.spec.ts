/** R-15 from end to end: what the client makes of a daemon's compact frames equals what it makes of the plain ones. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import type { ViewEvent } from '../../../lib/client/event.js';
import { EventReader } from '../../../lib/client/reader.js';
import { viewEvent } from '../../../lib/client/view-event.js';
import { Followers } from '../../../lib/client/views/followers.js';
import { ReceivedMessage } from '../../../lib/mailbox/received-message.js';
import { readToClient } from '../../../lib/wire/extension/read.js';
import { groupIdText } from '../../../lib/wire/group-id.js';
import { EXTENSION_MESS, isMembership, isSelfLeave } from '../../../lib/wire/service.js';
import { calm, type CompactPlan, CompactWorld, partitions, type Person } from '../../core/compact-world.js';
import { seeds } from '../../support/seeds.js';

interface Seen {
  readonly view: ViewEvent;
  readonly isFirst: boolean;
}

/** What one session's client shows of its groups. */
class Screen {
  /** By group and id of the view. */
  readonly views = new Map<string, Seen>();
  mismatches = 0;
  private readonly reader: EventReader;
  private readonly followers: Followers;
  private readonly inside = new Set<string>();

  constructor(readonly person: Person) {
    const { name, inbox } = person.client;
    this.reader = new EventReader(name);
    this.followers = new Followers(name, {
      view: (view) => this.show(viewEvent(view)),
      ask: () => undefined,
      answered: () => undefined,
      mismatch: () => void this.mismatches++,
    });
    const before = inbox.onFrame;
    inbox.onFrame = (frame, bytes) => {
      before?.(frame, bytes);
      this.take(bytes);
    };
  }

  private take(bytes: Buffer): void {
    const arrival = new ReceivedMessage(bytes, 0, bytes.length);
    const { service } = arrival;
    if (service === EXTENSION_MESS) {
      const frame = readToClient(bytes, 0, bytes.length);
      if (frame?.kind === 'list' && !this.followers.get(frame.group))
        this.followers.join(frame.group, this.person.form !== 'on-demand');
      if (frame) this.followers.take(frame);
    } else if (isMembership(service)) {
      if (isSelfLeave(service)) {
        this.inside.delete(arrival.name);
        this.followers.left(arrival.name);
        this.followers.forget(arrival.name);
      }
      const event = this.reader.read(arrival);
      if (event?.kind === 'view') this.show(event);
    }
  }

  private show(view: ViewEvent): void {
    this.views.set(`${view.group} ${groupIdText(view.id)}`, { view, isFirst: !this.inside.has(view.group) });
    this.inside.add(view.group);
  }
}

/** What is the same at all members of a daemon, and what is where both were in the view before. */
const common = ({ cause, changed, size }: ViewEvent): unknown => [cause, changed, size];
const news = ({ joined, left }: ViewEvent): unknown => [joined, left.toSorted()];
const list = ({ members, cameWithMe }: ViewEvent): unknown => [members, cameWithMe];

/** Members and companions are known of a view that has its list. */
const isListed = (view: ViewEvent): boolean => Object.keys(view).includes('members');

function differences(screens: readonly Screen[]): { found: string[]; compared: number } {
  const found: string[] = [];
  let compared = 0;
  for (const screen of screens.filter(({ person }) => person.form !== 'whole')) {
    const { client, node } = screen.person;
    if (screen.mismatches > 0) found.push(`${client.name} had ${screen.mismatches} wrong lists`);
    for (const other of screens.filter(({ person }) => person.form === 'whole' && person.node === node)) {
      for (const [key, { view, isFirst }] of screen.views) {
        const plain = other.views.get(key);
        if (!plain) continue;
        const isSame = (part: (event: ViewEvent) => unknown): boolean =>
          isDeepStrictEqual(part(view), part(plain.view));
        const isBoth = !isFirst && !plain.isFirst;
        compared++;
        if (!isSame(common)) found.push(`${client.name} ${key}: ${JSON.stringify([view, plain.view])}`);
        if (isBoth && !isSame(news)) found.push(`${client.name} ${key}: who came and went`);
        if (!isListed(view)) continue;
        if (!isSame(({ members }) => members)) found.push(`${client.name} ${key}: members`);
        if (view.members[view.myIndex] !== client.name) found.push(`${client.name} ${key}: own place`);
        if (isBoth && !isSame(list)) found.push(`${client.name} ${key}: who came along`);
      }
    }
  }
  return { found, compared };
}

describe('compact views of a daemon at the client', () => {
  for (const [name, plan] of [
    ['in a daemon view that stays', calm],
    ['over partitions and merges', partitions],
  ] as const satisfies readonly (readonly [string, CompactPlan])[]) {
    it(`show what plain ones show, ${name}`, () => {
      let compared = 0;
      for (let seed = 1; seed <= seeds(8, 150); seed++) {
        const screens: Screen[] = [];
        new CompactWorld(seed, plan, (person) => screens.push(new Screen(person))).run();
        const result = differences(screens);
        expect(result.found.slice(0, 3), `seed ${seed}`).to.deep.equal([]);
        compared += result.compared;
      }
      expect(compared).to.be.above(50);
    });
  }
});
