/** What the vectors do not show of the layer and its machines. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  FLUSH_OK,
  FLUSH_RECV,
  VULNERABLE,
  controlBody,
  readContent,
  subgroupTail,
  vulnerableTail,
} from '../../lib/flush/core/control.js';
import { FlushLayer, type FlushLayerOptions } from '../../lib/flush/core/layer.js';
import {
  FL_MIN_LEGAL_MESS_TYPE,
  MAX_POSTPONED,
  MAX_UNKNOWN_AGE,
  MAX_UNKNOWN_CHANGES,
} from '../../lib/flush/core/limits.js';
import { type GroupMachine, isUserType } from '../../lib/flush/core/machine.js';
import type { DropReason, FlushEvent, FlushView, PlainData, PlainView } from '../../lib/flush/core/port.js';
import { UnknownChanges } from '../../lib/flush/core/unknown-changes.js';
import { ILLEGAL_GROUP, ILLEGAL_RECEIVERS, ILLEGAL_STATE } from '../../lib/wire/codes.js';
import type { GroupId } from '../../lib/wire/group-id.js';
import { AGREED_MESS, FIFO_MESS, SUBGROUP_CAST } from '../../lib/wire/service.js';

const ME = '#me#d1';
const A = '#a#d1';
const B = '#b#d1';
const STRANGER = '#x#d9';

const idOf = (view: number): GroupId => [1, 2, view];

interface Transmitted {
  readonly service: number;
  readonly groups: readonly string[];
  readonly type: number;
  readonly body: Buffer;
}

/** A connection whose daemon the test is. */
class Connection {
  readonly events: FlushEvent[] = [];
  readonly sent: Transmitted[] = [];
  readonly drops: DropReason[] = [];
  readonly settled: boolean[] = [];
  readonly layer: FlushLayer<number>;
  onEvent: (event: FlushEvent) => void = () => undefined;

  constructor(options: FlushLayerOptions = {}) {
    this.layer = new FlushLayer(
      ME,
      {
        deliver: (event) => {
          this.events.push(event);
          this.onEvent(event);
        },
        transmit: (service, groups, type, pieces) =>
          this.sent.push({ service, groups, type, body: Buffer.concat(pieces) }),
        settled: (isSettled) => void this.settled.push(isSettled),
        drop: (reason) => void this.drops.push(reason),
      },
      options,
    );
  }

  get machine(): GroupMachine<number> {
    const machine = this.layer.machine('g');
    if (!machine) throw new Error('g is not joined');
    return machine;
  }

  get kinds(): string[] {
    return this.events.map(({ kind }) => kind);
  }

  get views(): FlushView[] {
    return this.events.filter((event): event is FlushView => event.kind === 'view');
  }

  /** In view 1 of g with these, steady. */
  join(members: readonly string[] = [A, B, ME]): this {
    this.layer.join('g');
    this.view(1, 'join', members, ME).agreed(1, members);
    for (const member of members) this.control(FLUSH_RECV, 1, member);
    this.events.length = 0;
    this.sent.length = 0;
    this.settled.length = 0;
    return this;
  }

  view(
    view: number,
    cause: PlainView['cause'],
    members: readonly string[],
    changed?: string,
    group = 'g',
  ): this {
    const vsSet = cause === 'network' ? members : [];
    this.layer.plainView({ group, id: idOf(view), cause, members, changed: changed ?? null, vsSet });
    return this;
  }

  control(type: number, view: number, sender: string, groups = ['g']): this {
    this.data({ sender, type, groups, body: controlBody(idOf(view)) });
    return this;
  }

  /** All of them send a FLUSH_OK. */
  agreed(view: number, members: readonly string[]): this {
    for (const member of members) this.control(FLUSH_OK, view, member);
    return this;
  }

  /** @returns whether the layer has dealt with it */
  data(message: Partial<PlainData> & { readonly sender: string }): boolean {
    const base = {
      service: FIFO_MESS,
      groups: ['g'],
      type: 1,
      senderLittle: true,
      body: Buffer.from('hello'),
    };
    return this.layer.data({ ...base, ...message });
  }
}

const vulnerable = (text: string, view: number): Buffer =>
  Buffer.concat([Buffer.from(text), vulnerableTail(7, idOf(view))]);

describe('flush layer: what is drawn from the network', () => {
  it('counts a FLUSH_OK once for each member, and of members alone [flush-layer FL-22]', () => {
    const me = new Connection().join().view(2, 'join', [A, B, '#c#d2', ME], '#c#d2');
    me.machine.flush();
    me.agreed(2, [A, A, A, STRANGER, ME]);
    expect(me.views).to.have.length(0);
    expect(me.drops).to.deep.equal(['outdated', 'outdated', 'stranger']);
    expect(me.machine.waitingFor).to.deep.equal([B, '#c#d2']);
    me.agreed(2, [B, '#c#d2']);
    expect(me.views).to.have.length(1);
  });

  it('counts a FLUSH_RECV once for each member of the view [flush-layer FL-22]', () => {
    const me = new Connection();
    me.layer.join('g');
    me.view(1, 'join', [A, ME], ME).agreed(1, [A, ME]);
    me.control(FLUSH_RECV, 1, A).control(FLUSH_RECV, 1, A).control(FLUSH_RECV, 1, STRANGER);
    expect(me.machine.state).to.equal('verify');
    expect(me.drops).to.deep.equal(['stranger']);
    me.control(FLUSH_RECV, 1, ME);
    expect(me.machine.state).to.equal('steady');
    me.control(FLUSH_RECV, 1, A);
    expect(me.drops).to.deep.equal(['stranger', 'outdated']);
  });

  it('counts a control message only where it goes to the one group [flush-layer FL-23]', () => {
    const me = new Connection().join().view(2, 'join', [A, ME], A);
    me.machine.flush();
    me.layer.join('h');
    me.control(FLUSH_OK, 2, A, ['g', 'h']);
    me.data({
      sender: A,
      type: FLUSH_OK,
      service: FIFO_MESS | SUBGROUP_CAST,
      groups: [ME],
      body: subgroupTail('g'),
    });
    me.agreed(2, [ME]);
    expect(me.views).to.have.length(0);
    expect(me.drops).to.deep.equal(['malformed', 'malformed']);
  });

  it('drops a plain view without this connection', () => {
    const me = new Connection();
    me.layer.join('g');
    me.view(1, 'join', [A, B], B);
    expect(me.drops).to.deep.equal(['malformed']);
    expect(me.layer.machine('g')).to.equal(null);
  });

  it('keeps vulnerable data of a change, flushed or not, and delivers it behind the view', () => {
    const me = new Connection().join().view(2, 'join', [A, B, ME], B);
    me.data({ sender: A, type: VULNERABLE, body: vulnerable('early', 2) });
    me.machine.flush();
    me.data({ sender: A, type: VULNERABLE, body: vulnerable('later', 2) });
    me.data({ sender: STRANGER, type: VULNERABLE, body: vulnerable('foreign', 2) });
    me.data({ sender: A, type: VULNERABLE, body: vulnerable('unknown', 9) });
    me.agreed(2, [A, B, ME]);
    expect(
      me.events.slice(-3).map((event) => (event.kind === 'data' ? event.body.toString() : event.kind)),
    ).to.deep.equal(['view', 'early', 'later']);
    expect(me.events.at(-1)).to.include({ kind: 'data', type: 7, sender: A });
    expect(me.drops).to.deep.equal(['stranger', 'outdated']);
  });

  it('drops vulnerable data of a view that is over', () => {
    const me = new Connection().join().view(2, 'join', [A, B, ME], B);
    me.machine.flush();
    me.agreed(2, [A, B, ME]);
    me.data({ sender: A, type: VULNERABLE, body: vulnerable('late', 1) });
    expect(me.drops).to.deep.equal(['outdated']);
  });

  it('bounds what waits for a view', () => {
    const me = new Connection().join().view(2, 'join', [A, B, ME], B);
    for (let i = 0; i <= MAX_POSTPONED; i++)
      me.data({ sender: A, type: VULNERABLE, body: vulnerable('', 2) });
    expect(me.drops).to.deep.equal(['too-many']);
  });

  it('leaves the lowest type of users to them', () => {
    const me = new Connection().join();
    const lowest = FL_MIN_LEGAL_MESS_TYPE;
    me.data({ sender: A, type: lowest });
    me.data({ sender: A, type: lowest, groups: ['g', 'h'] });
    const body = Buffer.concat([Buffer.from('x'), subgroupTail('g')]);
    me.data({ sender: A, type: lowest, service: FIFO_MESS | SUBGROUP_CAST, groups: [ME], body });
    const types = me.events.map((event) => event.kind === 'data' && event.type);
    expect(types).to.deep.equal([lowest, lowest, lowest]);
    expect([isUserType(lowest), isUserType(lowest - 1)]).to.deep.equal([true, false]);
  });

  it('drops a subgroup cast without a whole name [flush-layer FL-23]', () => {
    const me = new Connection({ isExclusive: true }).join();
    const service = FIFO_MESS | SUBGROUP_CAST;
    const bodies = [Buffer.alloc(0), Buffer.from('g'), subgroupTail(''), Buffer.alloc(32, 'g')];
    for (const body of bodies) me.data({ sender: A, service, groups: [ME], body });
    expect(me.events).to.deep.equal([]);
    expect(me.drops).to.deep.equal(bodies.map(() => 'malformed'));
  });

  it('reads numbers in the order of the sender [flush-layer FL-26]', () => {
    const id = Buffer.from([0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]);
    const base = { sender: A, service: FIFO_MESS, groups: ['g'], senderLittle: false };
    expect(readContent({ ...base, type: FLUSH_OK, body: id })).to.deep.equal({
      kind: 'flush-ok',
      group: 'g',
      id: [1, 2, 3],
    });
    const body = Buffer.concat([Buffer.from('x'), Buffer.from([0xff, 0xfe]), id]);
    expect(readContent({ ...base, type: VULNERABLE, body })).to.deep.include({ type: -2, view: [1, 2, 3] });
  });
});

describe('flush layer: a group that is being joined', () => {
  it('has this connection alone in it, and no view', () => {
    const me = new Connection();
    me.layer.join('g');
    me.data({ sender: A });
    expect(me.drops).to.deep.equal(['stranger']);
    me.view(1, 'join', [A, ME], ME);
    const { viewId, members, member, waitingFor } = me.machine;
    expect([viewId, members, member, waitingFor]).to.deep.equal([[0, 0, 0], [ME], 'joining', [A, ME]]);
    me.agreed(1, [A, ME]);
    expect([me.machine.members, me.machine.waitingFor]).to.deep.equal([[A, ME], []]);
  });
});

describe('flush layer: changes', () => {
  it('shows a transitional signal in every view that waited when it came [flush-layer FL-31]', () => {
    const me = new Connection().join([A, ME]).view(2, 'join', [A, B, ME], B);
    me.view(3, 'join', [A, B, '#c#d2', ME], '#c#d2');
    me.layer.plainTransition('g');
    me.machine.flush();
    me.agreed(2, [A, B, ME]);
    me.machine.flush();
    me.agreed(3, [A, B, '#c#d2', ME]);
    expect(me.kinds).to.deep.equal([
      'flush-request',
      'transition',
      'view',
      'flush-request',
      'transition',
      'view',
      'transition',
    ]);
  });

  it('shows none before the first view', () => {
    const me = new Connection();
    me.layer.join('g');
    me.view(1, 'join', [A, ME], ME);
    me.layer.plainTransition('g');
    expect(me.events).to.deep.equal([]);
    me.agreed(1, [A, ME]);
    expect(me.kinds).to.deep.equal(['view', 'transition']);
  });

  it('may be answered from within the events, and messages go out before the answer', () => {
    const me = new Connection().join([A, ME]).view(2, 'join', [A, B, ME], B);
    me.view(3, 'join', [A, B, '#c#d2', ME], '#c#d2');
    me.machine.flush();
    me.onEvent = (event) => {
      if (event.kind === 'view')
        me.machine.send({ service: AGREED_MESS, type: 5, pieces: [Buffer.from('held')] });
      if (event.kind === 'flush-request') me.machine.flush();
    };
    me.sent.length = 0;
    me.agreed(2, [A, B, ME]);
    expect(me.sent.map(({ type }) => type)).to.deep.equal([5, FLUSH_OK]);
    expect(me.sent[1]?.body).to.deep.equal(controlBody(idOf(3)));
  });

  it('asks nobody who leaves from within the view [flush-layer FL-34]', () => {
    const me = new Connection().join([A, ME]).view(2, 'join', [A, B, ME], B);
    me.view(3, 'join', [A, B, '#c#d2', ME], '#c#d2');
    me.machine.flush();
    me.events.length = 0;
    me.onEvent = (event) => {
      if (event.kind === 'view') me.machine.leave();
    };
    me.agreed(2, [A, B, ME]);
    expect(me.kinds).to.deep.equal(['view']);
  });

  it('drops what is sent in a view that one who leaves does not install [flush-layer 6.10]', () => {
    const me = new Connection().join([A, ME]).view(2, 'join', [A, B, ME], B);
    me.machine.flush();
    me.machine.leave();
    me.data({ sender: A, body: Buffer.from('old view') });
    me.agreed(2, [A, B, ME]);
    me.data({ sender: A, body: Buffer.from('new view') });
    me.layer.plainSelfLeave('g');
    expect(me.kinds).to.deep.equal(['flush-request', 'data', 'self-leave']);
    expect(me.drops).to.deep.equal(['outdated']);
    expect(me.layer.has('g')).to.equal(false);
  });

  it('keeps nothing for a later view while leaving', () => {
    const me = new Connection().join().view(2, 'leave', [A, ME], B);
    me.machine.leave();
    me.data({ sender: A, type: VULNERABLE, body: vulnerable('next', 2) });
    me.control(FLUSH_OK, 7, A);
    expect(me.drops).to.deep.equal(['outdated', 'outdated']);
  });

  it('sends nothing more while leaving [flush-layer FL-36]', () => {
    const me = new Connection().join();
    me.machine.leave();
    me.view(2, 'leave', [A, ME], B).view(3, 'join', [A, B, ME], B);
    me.data({ sender: A, type: VULNERABLE, body: vulnerable('x', 3) });
    expect(me.sent).to.deep.equal([]);
    expect(me.kinds).to.deep.equal(['transition']);
    expect(me.drops).to.deep.equal(['outdated']);
    me.layer.plainSelfLeave('g');
    expect(me.settled).to.deep.equal([]);
  });

  it('takes the FLUSH_RECV of those who installed the view before', () => {
    const me = new Connection().join([A, ME]).view(2, 'join', [A, B, ME], B);
    me.machine.flush();
    me.agreed(2, [A, ME]);
    me.control(FLUSH_RECV, 2, A).control(FLUSH_RECV, 2, STRANGER);
    me.agreed(2, [B]);
    me.control(FLUSH_RECV, 2, B).control(FLUSH_RECV, 2, ME);
    expect(me.machine.state).to.equal('steady');
    expect(me.drops).to.deep.equal(['stranger']);
  });

  it('installs changes one after the other, whatever is answered first', () => {
    const me = new Connection().join([A, ME]).view(2, 'join', [A, B, ME], B);
    me.view(3, 'join', [A, B, '#c#d2', ME], '#c#d2');
    me.agreed(3, [A, B, '#c#d2']).agreed(2, [A, B]);
    expect(me.views).to.deep.equal([]);
    me.machine.flush();
    me.agreed(3, [ME]);
    expect(me.views).to.deep.equal([]);
    me.agreed(2, [ME]);
    expect(me.views.map(({ id }) => id)).to.deep.equal([idOf(2)]);
  });

  it('counts what members have said of a view before it came, and what others have said not', () => {
    const me = new Connection().join([A, ME]);
    me.agreed(2, [A, STRANGER]).view(2, 'join', [A, B, ME], B);
    expect(me.machine.waitingFor).to.deep.equal([B, ME]);
    me.machine.flush();
    me.agreed(2, [B]);
    expect(me.views).to.deep.equal([]);
    me.agreed(2, [ME]);
    expect(me.views).to.have.length(1);
  });

  it('takes no FLUSH_OK for the view that it has', () => {
    const me = new Connection().join();
    me.agreed(1, [A]);
    expect(me.drops).to.deep.equal(['outdated']);
  });

  it('is asked for the change that stays behind a dropped one, with the cause of both', () => {
    const me = new Connection().join().view(2, 'join', [A, B, '#c#d2', ME], '#c#d2');
    me.view(3, 'join', [A, B, '#c#d2', '#d#d2', ME], '#d#d2');
    // Only a member that lies answers the second one first.
    me.agreed(3, [B]).view(4, 'leave', [A, '#c#d2', '#d#d2', ME], B);
    me.machine.flush();
    expect(me.sent.at(-1)?.body).to.deep.equal(controlBody(idOf(3)));
    me.agreed(3, [A, '#c#d2', '#d#d2', ME]);
    expect(me.views[0]).to.deep.include({ id: idOf(3), cause: 'network', changed: null });
  });

  it('has settled when it is left in the middle of a change', () => {
    const me = new Connection().join().view(2, 'join', [A, ME], A);
    const { machine } = me;
    expect(me.layer.plainSelfLeave('g')).to.equal(true);
    expect(me.settled).to.deep.equal([false, true]);
    expect([machine.sendRefusal(), machine.flushRefusal()]).to.deep.equal([ILLEGAL_GROUP, ILLEGAL_GROUP]);
    me.join().view(2, 'join', [A, ME], A);
    expect(me.settled).to.deep.equal([false]);
  });

  it('tells when changes are under way, over all groups', () => {
    const me = new Connection().join();
    me.layer.join('h');
    me.view(2, 'join', [A, B, ME], B);
    me.view(5, 'join', [ME], ME, 'h');
    expect(me.settled).to.deep.equal([false]);
    me.control(FLUSH_OK, 5, ME, ['h']);
    expect(me.settled).to.deep.equal([false]);
    me.machine.leave();
    expect(me.settled).to.deep.equal([false, true]);
    me.layer.plainSelfLeave('g');
    expect(me.settled).to.deep.equal([false, true]);
  });

  it('reports a change that takes too long, once for each set of members [flush-layer FL-51]', () => {
    const me = new Connection({ stalledAfterMs: 1000 }).join();
    me.layer.join('asked for');
    const stalls = (): unknown[] => me.events.filter(({ kind }) => kind === 'stalled');
    expect(me.layer.dueAt).to.equal(Infinity);
    me.view(2, 'leave', [A, ME], B);
    expect(me.layer.dueAt).to.equal(-Infinity);
    me.layer.tick(500);
    expect(me.layer.dueAt).to.equal(1500);
    me.layer.tick(1499);
    expect(stalls()).to.deep.equal([]);
    me.layer.tick(1500);
    expect(stalls()).to.have.length(1);
    me.layer.tick(1600);
    expect(stalls()).to.deep.equal([{ kind: 'stalled', group: 'g', waitingFor: [A, ME] }]);
    expect(me.layer.dueAt).to.equal(Infinity);
    me.agreed(2, [A]);
    expect(me.layer.dueAt).to.equal(1500);
    me.layer.tick(1700);
    expect(stalls()).to.have.length(2);
    me.machine.flush();
    me.agreed(2, [ME]);
    expect(me.layer.dueAt).to.equal(Infinity);
  });

  it('reports no change for the time in which there was none', () => {
    const me = new Connection({ stalledAfterMs: 1000 }).join();
    me.layer.tick(0);
    me.view(2, 'leave', [A, ME], B);
    me.layer.tick(1200);
    expect([me.events.filter(({ kind }) => kind === 'stalled'), me.layer.dueAt]).to.deep.equal([[], 2200]);
  });

  it('says what companions come along, also where one has left and is back [flush-layer FL-33]', () => {
    const me = new Connection().join().view(2, 'leave', [A, ME], B).view(3, 'join', [A, B, ME], B);
    me.view(4, 'network', [B, ME]);
    me.machine.flush();
    me.agreed(4, [B, ME]);
    expect(me.views).to.have.length(1);
    expect(me.views[0]).to.deep.include({ cause: 'network', cameWithMe: [ME], previousMembers: [A, B, ME] });
  });
});

describe('flush layer: calls', () => {
  it('refuses by state [flush-layer 4.3]', () => {
    const me = new Connection();
    const refusals = (): number[] => [
      me.machine.sendRefusal(),
      me.machine.flushRefusal(),
      me.layer.join('g'),
      me.machine.leaveRefusal(),
    ];
    expect(me.layer.join('g')).to.equal(0);
    expect(me.layer.join('g')).to.equal(ILLEGAL_GROUP);
    me.view(1, 'join', [A, ME], ME);
    expect(refusals()).to.deep.equal([ILLEGAL_GROUP, ILLEGAL_STATE, ILLEGAL_GROUP, ILLEGAL_GROUP]);
    me.agreed(1, [A, ME]);
    expect(refusals()).to.deep.equal([0, ILLEGAL_STATE, ILLEGAL_GROUP, 0]);
    me.view(2, 'join', [A, B, ME], B);
    expect(refusals()).to.deep.equal([0, 0, ILLEGAL_GROUP, 0]);
    me.machine.flush();
    expect(refusals()).to.deep.equal([ILLEGAL_STATE, ILLEGAL_STATE, ILLEGAL_GROUP, 0]);
    me.machine.leave();
    expect(refusals()).to.deep.equal([ILLEGAL_GROUP, ILLEGAL_GROUP, ILLEGAL_GROUP, ILLEGAL_GROUP]);
    me.layer.abandon('g');
    expect(me.layer.has('g')).to.equal(true);
    me.layer.plainSelfLeave('g');
    expect(me.layer.join('g')).to.equal(0);
    me.layer.abandon('g');
    expect(me.layer.has('g')).to.equal(false);
  });

  it('wants receivers of the view, as it was installed [flush-layer FL-7]', () => {
    const me = new Connection().join().view(2, 'leave', [A, ME], B);
    expect(me.machine.receiversRefusal([A, B, A])).to.equal(0);
    expect(me.machine.receiversRefusal([A, STRANGER])).to.equal(ILLEGAL_RECEIVERS);
    expect(me.machine.receiversRefusal([])).to.equal(ILLEGAL_RECEIVERS);
  });

  it('appends what a message needs, and says how much that is [flush-layer FL-9, FL-10, FL-11]', () => {
    const me = new Connection().join();
    const send = (service: number, receivers?: readonly string[]): Transmitted | undefined => {
      me.machine.send({ service, type: 7, pieces: [Buffer.from('x')], receivers });
      return me.sent.at(-1);
    };
    expect(me.machine.overhead(FIFO_MESS, false)).to.equal(0);
    expect(send(FIFO_MESS | SUBGROUP_CAST)).to.deep.equal({
      service: FIFO_MESS,
      groups: ['g'],
      type: 7,
      body: Buffer.from('x'),
    });
    expect(me.machine.overhead(AGREED_MESS, true)).to.equal(32);
    expect(send(AGREED_MESS, [A])?.body).to.deep.equal(Buffer.concat([Buffer.from('x'), subgroupTail('g')]));
    me.view(2, 'join', [A, B, ME], B);
    expect(me.machine.overhead(AGREED_MESS, false)).to.equal(0);
    expect(me.machine.overhead(FIFO_MESS, true)).to.equal(46);
    const both = send(FIFO_MESS, [A, B]);
    expect(both).to.include({ service: FIFO_MESS | SUBGROUP_CAST, type: VULNERABLE });
    expect(both?.groups).to.deep.equal([A, B]);
    expect(both?.body).to.deep.equal(Buffer.concat([vulnerable('x', 1), subgroupTail('g')]));
  });
});

describe('flush layer: beside plain groups [flush-layer FL-52]', () => {
  it('leaves alone what is not of its groups', () => {
    const me = new Connection().join();
    expect(me.view(1, 'join', [ME], ME, 'plain').layer.has('plain')).to.equal(false);
    expect(me.layer.plainTransition('plain')).to.equal(false);
    expect(me.layer.plainSelfLeave('plain')).to.equal(false);
    expect(me.data({ sender: A, groups: ['plain'] })).to.equal(false);
    expect(me.data({ sender: A, groups: [ME] })).to.equal(false);
    expect(me.data({ sender: A, groups: ['plain'], type: FLUSH_OK })).to.equal(false);
    expect(me.data({ sender: A, groups: [ME], service: FIFO_MESS | SUBGROUP_CAST })).to.equal(false);
    expect(me.data({ sender: A, groups: ['g', 'plain'], type: VULNERABLE })).to.equal(false);
    expect([me.events, me.drops]).to.deep.equal([[], []]);
  });

  it('deals with all that is', () => {
    const me = new Connection().join();
    const view = {
      group: 'g',
      id: idOf(2),
      cause: 'join',
      members: [A, B, ME],
      changed: B,
      vsSet: [],
    } as const;
    expect(me.layer.plainView(view)).to.equal(true);
    expect(me.layer.plainView({ ...view, members: [A] })).to.equal(true);
    expect(me.layer.plainTransition('g')).to.equal(true);
    expect(me.data({ sender: A, type: FLUSH_OK, body: controlBody(idOf(2)) })).to.equal(true);
    expect(me.data({ sender: A, type: VULNERABLE, body: vulnerable('x', 1) })).to.equal(true);
    expect(me.data({ sender: STRANGER, type: VULNERABLE, body: vulnerable('x', 1) })).to.equal(true);
    me.layer.join('asked for');
    expect(me.layer.plainTransition('asked for')).to.equal(true);
    expect(me.layer.plainSelfLeave('asked for')).to.equal(true);
    expect(
      me.data({ sender: A, groups: ['asked for'], type: FLUSH_OK, body: controlBody(idOf(2)) }),
    ).to.equal(true);
    expect(me.drops).to.deep.equal(['malformed', 'stranger']);
  });

  it('takes a subgroup cast without a body', () => {
    const me = new Connection().join();
    const service = FIFO_MESS | SUBGROUP_CAST;
    expect(me.data({ sender: A, groups: [ME], service, body: subgroupTail('g') })).to.equal(true);
    expect(me.events[0]).to.deep.include({
      kind: 'data',
      groups: [ME, 'g'],
      inGroups: ['g'],
      body: Buffer.alloc(0),
    });
  });

  it('delivers a message to several groups once, with those in whose view it stands [flush-layer FL-38]', () => {
    const me = new Connection().join();
    expect(me.data({ sender: A, groups: ['plain', 'g', 'g'] })).to.equal(true);
    expect(me.events).to.have.length(1);
    expect(me.events[0]).to.deep.include({ kind: 'data', groups: ['plain', 'g', 'g'], inGroups: ['g'] });
    expect(me.data({ sender: STRANGER, groups: ['plain', 'g'] })).to.equal(false);
    expect(me.data({ sender: STRANGER, groups: ['g'] })).to.equal(true);
    expect(me.drops).to.deep.equal(['stranger']);
  });

  it('hands out what goes to some members of its private group', () => {
    const me = new Connection({ isExclusive: true }).join();
    const body = Buffer.concat([Buffer.from('x'), subgroupTail(ME)]);
    me.data({ sender: STRANGER, groups: [ME], service: FIFO_MESS | SUBGROUP_CAST, body });
    expect(me.events[0]).to.deep.include({ groups: [ME, ME], inGroups: [], body: Buffer.from('x') });
  });

  it('takes everything where all groups are its own', () => {
    const me = new Connection({ isExclusive: true }).join();
    expect(me.data({ sender: STRANGER, groups: [ME] })).to.equal(true);
    expect(me.events[0]).to.deep.include({ kind: 'data', groups: [ME], inGroups: [] });
    me.view(1, 'join', [ME], ME, 'h');
    expect(me.data({ sender: A, groups: ['h'] })).to.equal(true);
    expect(me.data({ sender: A, groups: [ME], type: FLUSH_OK })).to.equal(true);
    expect(me.data({ sender: A, groups: ['h'], type: FLUSH_OK, body: controlBody(idOf(1)) })).to.equal(true);
    expect(me.drops).to.deep.equal(['unknown-group', 'unknown-group', 'malformed', 'unknown-group']);
  });
});

describe('flush layer: FLUSH_OKs for views that have not come [flush-layer FL-24]', () => {
  it('are bounded, and one who sends many loses its own', () => {
    const unknown = new UnknownChanges();
    unknown.note(idOf(1), A);
    for (let view = 2; view < 200; view++) unknown.note(idOf(view), STRANGER);
    expect(unknown.size).to.equal(MAX_UNKNOWN_CHANGES);
    expect([...unknown.take(idOf(1))]).to.deep.equal([A]);
    expect([...unknown.take(idOf(2))]).to.deep.equal([]);
    expect([...unknown.take(idOf(199))]).to.deep.equal([STRANGER]);
  });

  it('are taken from the one who has the most, whoever came first', () => {
    const unknown = new UnknownChanges();
    const OTHER = '#y#d9';
    for (let view = 0; view < 20; view++) unknown.note(idOf(view), OTHER);
    for (let view = 100; view < 144; view++) unknown.note(idOf(view), STRANGER);
    unknown.note(idOf(500), OTHER);
    unknown.note(idOf(501), A);
    expect([...unknown.take(idOf(0))]).to.deep.equal([OTHER]);
    expect([...unknown.take(idOf(100))]).to.deep.equal([]);
    expect([...unknown.take(idOf(101))]).to.deep.equal([]);
    expect([...unknown.take(idOf(102))]).to.deep.equal([STRANGER]);
  });

  it('are taken from nobody else who answered the same view', () => {
    const unknown = new UnknownChanges();
    for (let view = 0; view <= MAX_UNKNOWN_CHANGES; view++) {
      unknown.note(idOf(view), STRANGER);
      if (view === 0) unknown.note(idOf(view), A);
    }
    expect([...unknown.take(idOf(0))]).to.deep.equal([A]);
    expect([...unknown.take(idOf(1))]).to.deep.equal([]);
  });

  it('are forgotten after many views', () => {
    const unknown = new UnknownChanges();
    unknown.note(idOf(1), A);
    for (let i = 0; i < MAX_UNKNOWN_AGE; i++) unknown.age();
    expect(unknown.size).to.equal(1);
    unknown.age();
    expect(unknown.size).to.equal(0);
  });
});
