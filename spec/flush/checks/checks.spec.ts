import { expect } from 'chai';
import { AGREED_MESS, SAFE_MESS, SELF_DISCARD } from '../../../lib/wire/service.js';
import { check } from './all.js';
import { closedGroup } from './closed-group.js';
import { companions } from './companions.js';
import { flushRequests } from './flush-requests.js';
import type { Checker, Entry, MembershipLog } from './log.js';
import { order } from './order.js';
import { ownPlace } from './own-place.js';
import { progress } from './progress.js';
import { safe } from './safe.js';
import { sameSet } from './same-set.js';
import { selfDelivery } from './self-delivery.js';
import { sendingView } from './sending-view.js';
import { silence } from './silence.js';
import { transition } from './transition.js';
import { viewIdentity } from './view-identity.js';
import { viewOrder } from './view-order.js';

type Change = Partial<Extract<Entry, { kind: 'view' }>>;

/** A log in the making. */
class MadeUp implements MembershipLog {
  readonly name: string;
  readonly isOfC = false;
  readonly entries: Entry[] = [];
  end: MembershipLog['end'] = 'open';
  final: MembershipLog['final'] = null;

  constructor(
    readonly id: string,
    private now = '',
  ) {
    this.name = `${id}~0`;
  }

  add(kind: 'request' | 'flush' | 'transition' | 'leave'): this {
    this.entries.push({ kind });
    return this;
  }

  plain(view: string, members = ['a', 'b']): this {
    this.entries.push({ kind: 'plain-view', view, members });
    return this;
  }

  view(view: string, change: Change = {}): this {
    const members = change.members ?? ['a', 'b'];
    const index = members.indexOf(this.id);
    const cameWithMe = this.now === '' ? [this.id] : members;
    this.now = view;
    this.entries.push({
      kind: 'view',
      view,
      cause: 'join',
      changed: 'b',
      members,
      index,
      cameWithMe,
      ...change,
    });
    return this;
  }

  /** A whole change: asked, answered, installed. */
  next(view: string, change: Change = {}): this {
    return this.plain(view, change.members ? [...change.members] : undefined)
      .add('request')
      .add('flush')
      .view(view, change);
  }

  send(id: string, service = AGREED_MESS, receivers: readonly string[] | null = null): this {
    this.entries.push({ kind: 'send', id, view: this.now, service, receivers });
    return this;
  }

  got(id: string, sender: string): this {
    this.entries.push({ kind: 'data', id, sender, receivers: null });
    return this;
  }

  ends(end: MembershipLog['end']): this {
    this.end = end;
    return this;
  }
}

/** Both are in view 1. */
const two = (): readonly [MadeUp, MadeUp] => [
  new MadeUp('a').plain('1').view('1'),
  new MadeUp('b').plain('1').view('1'),
];

const network = (members: readonly string[]): Change => ({
  members,
  cause: 'network',
  changed: null,
  cameWithMe: members,
});

describe('the checks of view synchrony', () => {
  it('pass logs without fault', () => {
    const [a, b] = two();
    a.send('m1', SAFE_MESS)
      .got('m1', 'a')
      .send('m2', AGREED_MESS | SELF_DISCARD);
    b.got('m1', 'a').got('m2', 'a').send('m3', AGREED_MESS, ['b']).got('m3', 'b');
    a.next('2', { cause: 'join', changed: 'c', members: ['a', 'b', 'c'], cameWithMe: ['a', 'b'] });
    b.next('2', { cause: 'join', changed: 'c', members: ['a', 'b', 'c'], cameWithMe: ['a', 'b'] });
    const c = new MadeUp('c')
      .plain('2', ['a', 'b', 'c'])
      .view('2', { members: ['a', 'b', 'c'], changed: 'c' })
      .ends('died');
    a.add('transition').next('3', network(['a']));
    b.add('transition').next('4', network(['b']));
    expect(check([a, b, c])).to.deep.equal([]);
  });

  const cases: readonly (readonly [
    checker: Checker,
    property: string,
    what: string,
    logs: () => MadeUp[],
  ])[] = [
    [
      sendingView,
      'VS1',
      'a message in another view than that it was sent in',
      () => {
        const [a, b] = two();
        return [a.send('m').got('m', 'a').next('2'), b.next('2').got('m', 'a')];
      },
    ],
    [
      sameSet,
      'VS2',
      'a message that one of two that go together has not',
      () => {
        const [a, b] = two();
        return [a.send('m').got('m', 'a').next('2'), b.next('2')];
      },
    ],
    [
      viewIdentity,
      'VS3',
      'two lists of members of one view',
      () => {
        const [a, b] = two();
        return [a.next('2', { members: ['a', 'b', 'c'] }), b.next('2', { members: ['a', 'b'] })];
      },
    ],
    [
      companions,
      'VS4',
      'a companion that went elsewhere',
      () => {
        const [a, b] = two();
        return [a.next('2'), b.next('3')];
      },
    ],
    [
      silence,
      'VS5',
      'a message after the flush',
      () => {
        const [a, b] = two();
        return [a.plain('2').add('request').add('flush').send('m').got('m', 'a').view('2'), b.next('2')];
      },
    ],
    [
      flushRequests,
      'VS6',
      'a view without a request',
      () => {
        const [a, b] = two();
        return [a.plain('2').view('2'), b.next('2')];
      },
    ],
    [flushRequests, 'VS6', 'a request before the first view', () => [new MadeUp('a').add('request')]],
    [
      flushRequests,
      'VS6',
      'a request of one that leaves',
      () => [two()[0].add('leave').add('request').ends('leaving')],
    ],
    [
      transition,
      'VS7',
      'two signals in a view',
      () => [
        two()[0]
          .add('transition')
          .add('transition')
          .next('2', network(['a'])),
      ],
    ],
    [transition, 'VS7', 'a loss without a signal', () => [two()[0].next('2', network(['a']))]],
    [
      safe,
      'VS8',
      'a safe message that a living member never gets',
      () => {
        const [a, b] = two();
        return [
          a
            .send('m', SAFE_MESS)
            .got('m', 'a')
            .add('transition')
            .next('2', network(['a'])),
          b,
        ];
      },
    ],
    [
      safe,
      'VS8',
      'a safe message in a view that a living member never installs',
      () => {
        const [a] = two();
        return [a.send('m', SAFE_MESS).got('m', 'a'), new MadeUp('b').plain('1')];
      },
    ],
    [selfDelivery, 'VS9', 'an own message that does not come', () => [two()[0].send('m')]],
    [
      ownPlace,
      'VS10',
      'a first view with others',
      () => [new MadeUp('a').view('1', { cameWithMe: ['a', 'b'] })],
    ],
    [ownPlace, 'VS10', 'a wrong index', () => [new MadeUp('a').view('1', { index: 1 })]],
    [
      order,
      'VS11',
      'two orders of two messages',
      () => {
        const [a, b] = two();
        a.send('m1').got('m1', 'a').got('m2', 'b');
        b.send('m2').got('m2', 'b').got('m1', 'a');
        return [a, b];
      },
    ],
    [
      order,
      'VS11',
      'messages of one sender out of its order',
      () => {
        const [a, b] = two();
        return [a.send('m1').send('m2'), b.got('m2', 'a').got('m1', 'a')];
      },
    ],
    [closedGroup, 'VS12', 'a message of a session that is not a member', () => [two()[0].got('m', 'c')]],
    [closedGroup, 'VS12', 'a message before the first view', () => [new MadeUp('a').got('m', 'b')]],
    [progress, 'VS13', 'a plain view that is never installed', () => [two()[0].plain('2')]],
    [
      viewOrder,
      'VS14',
      'views in another order than the plain ones',
      () => [new MadeUp('a').plain('1').plain('2').view('2').view('1')],
    ],
    [viewOrder, 'VS14', 'a view that is no plain view', () => [new MadeUp('a').plain('1').view('2')]],
  ];

  for (const [checker, property, what, logs] of cases) {
    it(`find ${what} [flush-layer ${property}]`, () => {
      expect(checker(logs()).map((violation) => violation.property)).to.include(property);
    });
  }

  it('find what a member is left with [flush-layer VS13]', () => {
    const [a] = two();
    for (const final of [
      { state: 'verify' },
      { member: 'joining' },
      { isSettled: false },
      { saidSettled: false },
      { held: 1 },
    ] as const) {
      const quiet = {
        member: 'joined',
        state: 'steady',
        isSettled: true,
        held: 0,
        saidSettled: true,
      } as const;
      const log = Object.assign(Object.create(a) as MembershipLog, { final: { ...quiet, ...final } });
      expect(progress([log]), JSON.stringify(final)).to.have.length(1);
    }
  });
});
