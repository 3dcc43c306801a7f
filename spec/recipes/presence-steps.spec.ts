/** Presence at one member, message by message. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { BodyReader, BodyWriter } from '../../lib/recipes/core/codec.js';
import { MAX_AWAY, MAX_DATE, MAX_METADATA_BYTES, RETURN_PATIENCE_MS } from '../../lib/recipes/core/limits.js';
import { type MembersSink, PresenceCore } from '../../lib/recipes/core/presence.js';
import { A, B, C, view } from './step-view.js';

describe('presence, step by step', () => {
  class Watch {
    lines: string[] = [];
    sent: Buffer[] = [];
    readonly services = new Set<string>();
    readonly subjects = new Map<string, string>();
    readonly core: PresenceCore;
    private readonly sink: MembersSink = {
      send: (body, service) => {
        this.sent.push(body);
        this.services.add(service);
      },
      sendTo: () => undefined,
      subjectOf: (id) => this.subjects.get(id) ?? null,
      joined: ({ id: name }) => void this.lines.push(`joined ${name}`),
      updated: ({ id: name, metadata }, before) =>
        void this.lines.push(`updated ${name} ${before.metadata.toString()} ${metadata.toString()}`),
      left: ({ id: name }, how) => void this.lines.push(`${how} ${name}`),
      unreachable: ({ id: name }) => void this.lines.push(`unreachable ${name}`),
      returned: ({ id: name }, before) =>
        void this.lines.push(`returned ${name}${before.id === name ? '' : ` from ${before.id}`}`),
    };

    constructor(forgetAfterMs = 100, comesBack = false) {
      this.core = new PresenceCore(A, 1, Buffer.from('me'), forgetAfterMs, this.sink, comesBack);
    }

    announce(name: string, instance = 5, metadata: Uint8Array = Buffer.from('m')): this {
      const body = new BodyWriter('members', 1).number(instance).number(9).data(metadata).finish();
      this.core.message(name, body);
      return this;
    }

    /** An announcement of a member whose connection comes back. */
    announceReturning(name: string, instance = 5): this {
      const body = new BodyWriter('members', 1).number(instance).number(9).data(Buffer.from('m'));
      this.core.message(name, body.tagged(1, () => undefined).finish());
      return this;
    }

    take(): string[] {
      const { lines } = this;
      this.lines = [];
      return lines;
    }
  }

  it('introduces itself to newcomers, and not where all came along and know it', () => {
    const watch = new Watch();
    watch.core.view(view([A, B], { along: [A] }), 10.5);
    expect(watch.sent).to.have.length(1);
    const reader = BodyReader.open('members', watch.sent[0] as Buffer) as BodyReader;
    expect([reader.kind, reader.number(), reader.number(), reader.data().toString()]).to.deep.equal([
      1,
      1,
      10,
      'me',
    ]);
    watch.core.message(A, watch.sent[0] as Buffer);
    watch.core.view(view([A, B]), 20);
    expect(watch.sent).to.have.length(1);
    watch.core.view(view([A, B, C], { along: [A] }), 20);
    expect(watch.sent).to.have.length(2);
    watch.core.announce(Buffer.from('new'));
    expect(watch.sent).to.have.length(3);
  });

  it('announces nothing before the first view, then what it has last, as an agreed message', () => {
    const watch = new Watch();
    watch.core.announce(Buffer.from('later'));
    expect(watch.sent).to.deep.equal([]);
    watch.core.view(view([A, B], { along: [A] }), 0);
    expect([watch.sent.length, watch.sent[0]?.includes('later'), ...watch.services]).to.deep.equal([
      1,
      true,
      'agreed',
    ]);
  });

  it('says why it takes no announcement', () => {
    const watch = new Watch();
    watch.core.view(view([A, B]), 0);
    const body = (kind: number, since: number, metadata: number): Buffer =>
      new BodyWriter('members', kind).number(5).number(since).data(Buffer.alloc(metadata)).finish();
    const reasons = [
      watch.core.message(C, body(1, 9, 1)),
      watch.core.message(B, body(3, 9, 1)),
      watch.core.message(B, body(1, MAX_DATE + 1, 1)),
      watch.core.message(B, body(1, 9, MAX_METADATA_BYTES + 1)),
      watch.core.message(B, body(1, 9, 1)),
    ];
    expect(reasons).to.deep.equal(['stranger', 'malformed', 'malformed', 'malformed', null]);
  });

  it('takes an announcement of this format, of a member, and of metadata that is not too long', () => {
    const watch = new Watch();
    watch.announce(B);
    watch.core.view(view([A, B, C]), 0);
    watch.announce('#x#d').announce(B, 5, Buffer.alloc(MAX_METADATA_BYTES + 1));
    watch.core.message(B, new BodyWriter('members', 3).number(5).number(9).data(Buffer.alloc(1)).finish());
    watch.core.message(B, new BodyWriter('members', 1).number(5).number(9).number(4).finish());
    const since = (time: number): Buffer =>
      new BodyWriter('members', 1).number(5).number(time).data(Buffer.from('m')).finish();
    watch.core.message(B, since(MAX_DATE + 1));
    expect(watch.take()).to.deep.equal([]);
    watch.core.message(C, since(MAX_DATE));
    expect(watch.take()).to.deep.equal([`joined ${C}`]);
    watch.core.view(view([A, B]), 0);
    watch.core.view(view([A, B, C]), 0);
    watch.take();
    watch.announce(B, 5, Buffer.alloc(MAX_METADATA_BYTES));
    expect([watch.take(), watch.core.silent]).to.deep.equal([[`joined ${B}`], [A, C]]);
  });

  it('keeps its own copy of metadata, and tells of other metadata only', () => {
    const watch = new Watch();
    watch.core.view(view([A, B]), 0);
    const body = new BodyWriter('members', 1).number(5).number(9).data(Buffer.from('m')).finish();
    watch.core.message(B, body);
    body.fill(0);
    watch.announce(B).announce(B, 5, Buffer.from('n'));
    expect(watch.take()).to.deep.equal([`joined ${B}`, `updated ${B} m n`]);
  });

  it('remembers one that is out of reach until its time is over', () => {
    const watch = new Watch();
    watch.core.view(view([A, B, C]), 0);
    watch.announce(B).announce(C).take();
    watch.core.view(view([A, C], { cause: 'network' }), 50);
    expect([watch.core.unreachable.map(({ id: name }) => name), watch.core.dueAt]).to.deep.equal([[B], 150]);
    watch.core.tick(149);
    expect(watch.take()).to.deep.equal([`unreachable ${B}`]);
    watch.core.tick(150);
    expect([watch.take(), watch.core.dueAt]).to.deep.equal([[`forgotten ${B}`], Infinity]);
    watch.core.view(view([A], { cause: 'leave' }), 60);
    expect([watch.take(), watch.core.reachable]).to.deep.equal([[`left ${C}`], []]);
  });

  it('tells one that returns from another process of its name', () => {
    for (const [instance, lines] of [
      [5, [`returned ${B}`]],
      [6, [`disconnected ${B}`, `joined ${B}`]],
    ] as const) {
      const watch = new Watch();
      watch.core.view(view([A, B]), 0);
      watch.announce(B);
      watch.core.view(view([A], { cause: 'network' }), 0);
      watch.take();
      watch.core.view(view([A, B], { cause: 'network', along: [A] }), 1);
      expect(watch.announce(B, instance).take(), `${instance}`).to.deep.equal(lines);
      expect(watch.core.unreachable).to.deep.equal([]);
    }
    const here = new Watch();
    here.core.view(view([A, B]), 0);
    here.announce(B).take();
    expect(here.announce(B, 6).take()).to.deep.equal([`disconnected ${B}`, `joined ${B}`]);
  });

  it('remembers a limited number that are out of reach, and none after its own end', () => {
    const watch = new Watch();
    const names = Array.from({ length: MAX_AWAY + 1 }, (_, i) => `#n${i}#d`);
    watch.core.view(view([A, ...names]), 0);
    for (const name of names) watch.announce(name);
    watch.take();
    watch.core.view(view([A], { cause: 'network' }), 0);
    expect(watch.take().filter((line) => line.startsWith('forgotten'))).to.deep.equal(['forgotten #n0#d']);
    expect(watch.core.unreachable).to.have.length(MAX_AWAY);
    watch.core.left();
    expect([watch.core.unreachable, watch.core.reachable, watch.core.silent]).to.deep.equal([[], [], []]);
  });

  describe('of members whose connections come back', () => {
    const [NEW, RENAMED] = ['#b#d9', '#b7#d9'] as const;
    const broken = (forgetAfterMs = 60_000): Watch => {
      const watch = new Watch(forgetAfterMs);
      watch.core.view(view([A, B, C]), 0);
      watch.announceReturning(B).announce(C).take();
      watch.core.view(view([A, C], { cause: 'disconnect' }), 50);
      return watch;
    };

    it('says that its own does', () => {
      const flagOf = (comesBack: boolean): boolean | null => {
        const watch = new Watch(100, comesBack);
        watch.core.view(view([A]), 0);
        const reader = BodyReader.open('members', watch.sent[0] as Buffer) as BodyReader;
        expect([reader.number(), reader.number(), reader.data().toString()]).to.deep.equal([1, 0, 'me']);
        return reader.tagged(1, () => true);
      };
      expect([flagOf(true), flagOf(false)]).to.deep.equal([true, null]);
    });

    it('tells of one that moves as the same, and of no end of it', () => {
      const watch = broken();
      expect(watch.take()).to.deep.equal([`unreachable ${B}`]);
      watch.core.view({ ...view([A, C, NEW]), returned: [{ from: B, to: NEW }] }, 60);
      expect(watch.announceReturning(NEW).take()).to.deep.equal([`returned ${NEW} from ${B}`]);
      expect([watch.core.unreachable, watch.core.dueAt]).to.deep.equal([[], Infinity]);
      const here = watch.core.reachable.map(({ id }) => id);
      expect(here).to.deep.equal([C, NEW]);
    });

    it('knows one by its instance where no daemon says who it was, and where it has the same id', () => {
      for (const [id, line] of [
        [NEW, `returned ${NEW} from ${B}`],
        [B, `returned ${B}`],
      ] as const) {
        const watch = broken();
        watch.core.view(view([A, C, id]), 60);
        watch.take();
        expect(watch.announceReturning(id).take()).to.deep.equal([line]);
      }
    });

    it('knows one that has another name now only where the daemon says so', () => {
      const lines = [true, false].map((isSaid) => {
        const watch = broken();
        const next = view([A, C, RENAMED]);
        watch.core.view(isSaid ? { ...next, returned: [{ from: B, to: RENAMED }] } : next, 60);
        watch.take();
        return watch.announceReturning(RENAMED).take();
      });
      expect(lines).to.deep.equal([[`returned ${RENAMED} from ${B}`], [`joined ${RENAMED}`]]);
    });

    it('tells another instance of the same connection from the one before', () => {
      const watch = broken();
      watch.core.view({ ...view([A, C, NEW]), returned: [{ from: B, to: NEW }] }, 60);
      watch.take();
      expect(watch.announceReturning(NEW, 6).take()).to.deep.equal([`disconnected ${B}`, `joined ${NEW}`]);
    });

    it('waits for a time, and not for one that leaves or does not come back', () => {
      const watch = broken();
      watch.take();
      expect(watch.core.dueAt).to.equal(50 + RETURN_PATIENCE_MS);
      watch.core.tick(50 + RETURN_PATIENCE_MS);
      expect(watch.take()).to.deep.equal([`disconnected ${B}`]);
      expect(broken(7).core.dueAt).to.equal(57);
      watch.core.view(view([A], { cause: 'disconnect' }), 70);
      expect(watch.take()).to.deep.equal([`disconnected ${C}`]);
      const other = new Watch();
      other.core.view(view([A, B]), 0);
      other.announceReturning(B).take();
      other.core.view(view([A], { cause: 'leave' }), 1);
      expect(other.take()).to.deep.equal([`left ${B}`]);
    });
  });

  describe('of those who are gone when this member is back', () => {
    const SELF = '#a#d2';
    const MORE = '#c#d2';
    const PATIENCE = 60_000 * 60;

    /** B and C have the same number. */
    function back(...members: readonly string[]): Watch {
      const watch = new Watch();
      watch.core.view(view([A, B, C]), 0);
      watch.announce(A, 1, Buffer.from('me')).announce(B).announce(C).take();
      watch.core.lost();
      watch.core.rejoined(SELF);
      watch.core.view(view([SELF, ...members]), 50);
      watch.core.resumed();
      watch.announce(SELF, 1, Buffer.from('me'));
      return watch;
    }

    it('tells of each, also where they share a number', () => {
      const watch = back();
      expect(watch.take()).to.deep.equal([`returned ${SELF} from ${A}`]);
      watch.core.tick(PATIENCE);
      expect([watch.take(), watch.core.dueAt]).to.deep.equal([
        [`disconnected ${B}`, `disconnected ${C}`],
        Infinity,
      ]);
    });

    it('knows each again by its name, also where they share a number', () => {
      const watch = back(MORE, B);
      watch.take();
      expect(watch.announce(MORE).announce(B).take()).to.deep.equal([`returned ${MORE} from ${C}`]);
      watch.core.tick(PATIENCE);
      expect(watch.take()).to.deep.equal([]);
    });

    it('takes nobody else with the number of this member for itself', () => {
      const watch = new Watch();
      watch.core.view(view([A, B]), 0);
      watch.announce(B, 1).announce(A, 1, Buffer.from('me')).take();
      watch.core.rejoined(SELF);
      watch.core.view(view([SELF]), 50);
      expect(watch.announce(SELF, 1, Buffer.from('me')).take()).to.deep.equal([`returned ${SELF} from ${A}`]);
      watch.core.tick(PATIENCE);
      expect(watch.take()).to.deep.equal([`disconnected ${B}`]);
    });

    it('tells one that has the id of another process from that one, at once', () => {
      const watch = back(B);
      watch.core.lost();
      watch.core.rejoined(SELF);
      watch.core.view(view([SELF]), 60);
      watch.core.view(view([SELF, B]), 70);
      watch.take();
      expect(watch.announce(B, 6).take()).to.deep.equal([`disconnected ${B}`, `joined ${B}`]);
    });

    it('knows one by its id before one of its name elsewhere', () => {
      const twin = '#b#d9';
      const watch = new Watch();
      watch.core.view(view([A, B, twin]), 0);
      watch.announce(A, 1, Buffer.from('me')).announce(B).announce(twin).take();
      watch.core.rejoined(SELF);
      watch.core.view(view([SELF]), 50);
      watch.core.view(view([SELF, twin]), 60);
      watch.announce(SELF, 1, Buffer.from('me')).take();
      expect(watch.announce(twin).take()).to.deep.equal([`returned ${twin}`]);
      watch.core.tick(PATIENCE);
      expect(watch.take()).to.deep.equal([`disconnected ${B}`]);
    });
  });
});
