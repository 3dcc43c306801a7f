/** What a recipe is shown of its group over a loss of the connection, by a scripted connection. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { EventEmitter } from 'eventemitter3';
import type { Connection } from '../../lib/client/connection.js';
import { GroupBinding } from '../../lib/recipes/group-binding.js';
import { sealed } from '../../lib/recipes/core/codec.js';
import { MembersOnly } from '../../lib/recipes/core/members-only.js';
import { ElectionCore } from '../../lib/recipes/core/election.js';
import { election } from '../../lib/recipes/index.js';
import { replace } from '../simulation/bugs/planted.js';

const [A1, A2, B] = ['#a#d1', '#a#d2', '#b#d3'] as const;

/** Those of the spec under way. */
const scripts: Script[] = [];

/** A connection in one group, which says what happens. */
class Script {
  id: string = A1;
  open = true;
  readonly group = Object.assign(new EventEmitter(), {
    name: 'jobs',
    isMember: true,
    send: (body: Buffer): Promise<void> => {
      this.sent.push(Buffer.from(body));
      return Promise.resolve();
    },
    leave: (): Promise<void> => Promise.resolve(),
  });
  readonly connection = Object.assign(new EventEmitter(), {
    join: () => Promise.resolve(this.group),
    sendTo: () => Promise.resolve(),
  });
  readonly sent: Buffer[] = [];
  private views = 0;

  constructor() {
    scripts.push(this);
    const of = (key: 'id' | 'open'): PropertyDescriptor => ({ get: () => this[key] });
    const state = { get: () => (this.open ? 'open' : 'reconnecting') };
    Object.defineProperties(this.connection, { id: of('id'), open: of('open'), state });
  }

  get asConnection(): Connection {
    return this.connection as unknown as Connection;
  }

  private tell(event: object): void {
    this.group.emit('event', event);
  }

  view(
    members: readonly string[],
    cause: string,
    changed: string | null = null,
    returned: readonly { readonly from: string; readonly to: string }[] = [],
  ): void {
    const myIndex = members.indexOf(this.id);
    const id = [1, 1, ++this.views];
    const cameWithMe = cause === 'join' && changed === this.id ? [this.id] : members;
    this.group.isMember = myIndex >= 0;
    this.tell({ kind: 'view', id, cause, changed, members, cameWithMe, myIndex, returned });
  }

  /** What was sent last arrives, as sent by that member. */
  deliver(sender: string, body = this.sent.at(-1)): void {
    this.tell({ kind: 'data', sender, body, service: 'safe' });
  }

  transition(): void {
    this.tell({ kind: 'transition' });
  }

  gap(): void {
    this.tell({ kind: 'gap' });
  }

  lose(): void {
    this.open = this.group.isMember = false;
    this.connection.emit('reconnecting', {});
  }

  close(): void {
    this.connection.emit('close');
  }

  /** It is back; what was missed is behind it. */
  resume(id = this.id): void {
    this.id = id;
    this.open = true;
    this.connection.emit('resumed', {});
  }
}

/** An election of one member that leads. */
async function leading(): Promise<{
  script: Script;
  it: Awaited<ReturnType<typeof election>>;
  told: string[];
}> {
  const script = new Script();
  const it = await election(script.asConnection, 'jobs');
  const told: string[] = [];
  for (const name of ['suspended', 'resumed'] as const) it.on(name, () => told.push(name));
  it.on('elected', ({ term }) => told.push(`elected ${term}`));
  it.on('leader-lost', () => told.push('leader-lost'));
  script.view([A1], 'join', A1);
  script.deliver(A1);
  expect(it.isLeader).to.equal(true);
  told.length = 0;
  return { script, it, told };
}

describe('the place of a recipe in its group, over a loss', () => {
  // No timer of a recipe outlives its spec.
  afterEach(() => {
    for (const script of scripts.splice(0)) script.close();
  });

  it('hears of it at once; where the group has noticed nothing the same one leads with the same term', async () => {
    const { script, it: mine, told } = await leading();
    const { term } = mine;
    script.lose();
    expect(told).to.deep.equal(['leader-lost', 'suspended']);
    expect([mine.isLeader, mine.isSuspended]).to.deep.equal([false, true]);
    script.group.isMember = true;
    script.resume();
    expect(told.slice(2)).to.deep.equal([`elected ${term}`, 'resumed']);
    expect([mine.isLeader, mine.isSuspended]).to.deep.equal([true, false]);
  });

  it('leads no more where the view has changed meanwhile, also without a gap', async () => {
    const { script, it: mine, told } = await leading();
    const term = mine.term ?? NaN;
    script.lose();
    script.view([A1, B], 'join', B);
    expect(told, 'what was missed').to.deep.equal(['leader-lost', 'suspended']);
    script.resume();
    expect(mine.isLeader).to.equal(false);
    script.deliver(A1);
    script.deliver(B);
    expect(mine.term).to.be.above(term);
  });

  it('is shown no view in which it is not, and nothing of what is said there', async () => {
    const { script, it: mine } = await leading();
    const term = mine.term ?? NaN;
    const shown: string[][] = [];
    const remove = replace(ElectionCore, 'view', (original) => (self, view, ...rest) => {
      shown.push([...(view as { members: string[] }).members]);
      return original(self, view, ...rest);
    });
    try {
      script.lose();
      script.transition();
      script.id = A2;
      script.view([B], 'network');
      script.deliver(B, Buffer.from('anything'));
      script.transition();
      expect(shown).to.deep.equal([]);
      script.view([A2, B], 'join', A2);
      expect(shown).to.deep.equal([[A2, B]]);
      expect([mine.isSuspended, mine.leader]).to.deep.equal([true, null]);
      script.resume();
      script.deliver(A2);
      script.deliver(B);
      expect([mine.isSuspended, mine.leader]).to.deep.equal([false, A2]);
      expect(mine.term).to.be.above(term);
    } finally {
      remove();
    }
  });

  it('tells cores that follow the group from outside, as long as nothing is missing', async () => {
    for (const hasGap of [false, true]) {
      const { script } = await leading();
      const told: unknown[] = [];
      const removes = [
        replace(MembersOnly, 'observe', () => (_self, view) => {
          told.push((view as { members: string[] }).members.join());
        }),
        replace(MembersOnly, 'overhear', () => (_self, sender, body, _now, service) => {
          told.push([sender, String(body), service]);
        }),
      ];
      try {
        script.lose();
        script.id = A2;
        script.view([B], 'network');
        if (hasGap) script.gap();
        script.deliver(B, Buffer.from('outside'));
        script.view([A2, B], 'join', A2);
        script.deliver(B, Buffer.from('inside'));
      } finally {
        for (const remove of removes) remove();
      }
      expect(told).to.deep.equal(hasGap ? [B] : [B, [B, 'outside', 'safe']]);
    }
  });

  it('hears private messages that come meanwhile when it is a member again', async () => {
    const { script } = await leading();
    const told: unknown[] = [];
    const remove = replace(MembersOnly, 'direct', () => (_self, sender, body) => {
      told.push([sender, String(body)]);
      return null;
    });
    const say = (sender: string, text: string): void =>
      void script.connection.emit('message', { sender, body: sealed('jobs', Buffer.from(text)) });
    try {
      script.lose();
      say(B, 'before');
      script.id = A2;
      script.view([B], 'network');
      say(B, 'outside');
      expect(told).to.deep.equal([[B, 'before']]);
      script.view([A2, B], 'join', A2);
      say(B, 'inside');
    } finally {
      remove();
    }
    expect(told.slice(1)).to.deep.equal([
      [B, 'outside'],
      [B, 'inside'],
    ]);
  });

  it('hears with its next view who has returned meanwhile, unless something is missing', async () => {
    const [B4, C5] = ['#b#d4', '#c#d5'] as const;
    for (const hasGap of [false, true]) {
      const { script } = await leading();
      const told: unknown[] = [];
      const remove = replace(ElectionCore, 'view', (original) => (self, view, ...rest) => {
        told.push((view as { returned: unknown }).returned);
        return original(self, view, ...rest);
      });
      try {
        script.lose();
        script.id = A2;
        script.view([B], 'network');
        script.view([B4], 'join', B4, [{ from: B, to: B4 }]);
        if (hasGap) script.gap();
        script.view([B4, C5], 'join', C5, [{ from: '#c#d3', to: C5 }]);
        script.view([A2, B4, C5], 'join', A2, [{ from: A1, to: A2 }]);
        script.resume();
        script.view([A2, B4], 'leave', C5);
      } finally {
        remove();
      }
      const all = [
        { from: B, to: B4 },
        { from: '#c#d3', to: C5 },
        { from: A1, to: A2 },
      ];
      expect(told).to.deep.equal([hasGap ? all.slice(1) : all, []]);
    }
  });

  it('begins again behind a gap, whenever the connection says that it is back', async () => {
    for (const isEarly of [true, false]) {
      const { script, it: mine, told } = await leading();
      script.lose();
      script.id = A2;
      if (isEarly) script.resume();
      expect(mine.isSuspended, 'before the gap').to.equal(true);
      script.gap();
      script.deliver(B, Buffer.from('anything'));
      script.view([A2, B], 'join', A2);
      if (!isEarly) script.resume();
      expect(told).to.deep.equal(['leader-lost', 'suspended', 'resumed']);
    }
  });

  it('stays suspended over a second loss, and ends as ever', async () => {
    const { script, it: mine, told } = await leading();
    script.lose();
    script.lose();
    script.connection.emit('close', new Error('given up'));
    expect(told).to.deep.equal(['leader-lost', 'suspended']);
    expect((await mine.closed)?.message).to.equal('given up');
    script.resume();
    expect(told).to.have.length(2);
  });

  it('has specs that notice when it shows views in which the member is not', async () => {
    const remove = replace(GroupBinding, 'viewed', () => (self, core, view) => {
      (core as { view(view: unknown, now: number): void }).view(view, (self as GroupBinding).now());
    });
    try {
      const { script, it: mine } = await leading();
      script.lose();
      script.view([B], 'network');
      const before = script.sent.length;
      script.view([B], 'network');
      expect(script.sent.length, 'it claims in a view of others').to.be.above(before);
      expect(mine.isSuspended).to.equal(true);
    } finally {
      remove();
    }
  });
});
