/** What a session that returns is granted, and what is refused. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Core } from '../../daemon/core/core.js';
import type { LocalSession } from '../../daemon/core/group.js';
import { newCounters } from '../../daemon/counters.js';
import { Attachment } from '../../daemon/session/attach.js';
import { checkDelivery, Delivery } from '../../lib/wire/delivery.js';
import { isExtensionFrame } from '../../lib/wire/extension/frame.js';
import { readToClient } from '../../lib/wire/extension/read.js';
import type { ResumeGroup } from '../../lib/wire/extension/resume.js';
import type { Welcome } from '../../lib/wire/extension/welcome.js';
import { isReject } from '../../lib/wire/service.js';

const welcome: Welcome = {
  verdict: 'gap',
  features: 3,
  sid: 7n,
  stable: 4,
  holdMs: 0,
  heartbeatMs: 0,
  windowMs: 30_000,
  position: { tag: 0n, index: 0, hash: 0n },
  token: Buffer.alloc(0),
  addresses: [],
};

const position = { tag: 0n, from: 0, to: 0, hash: 0n, events: 0, awayMs: 90 };
const hello = {
  features: 3,
  holdMs: 0,
  heartbeatMs: 0,
  attempt: 2,
  resume: { token: Buffer.alloc(1), position },
};

const group = (name: string): ResumeGroup => ({
  group: name,
  onDemand: name === 'd',
  signalled: false,
  had: true,
  wanted: true,
});

const nothing = (): void => undefined;

/** An attachment of a session that may join the groups `a` to `d`. */
function returning(more: Partial<Welcome> = {}, isKnown = true) {
  const said: string[] = [];
  const counters = newCounters();
  const local = {
    privateGroup: '#ann#e',
    permit: (_: string, name: string) => name < 'e',
  } as unknown as LocalSession;
  const host = {
    local,
    send: (frame: Buffer): void => {
      if (isExtensionFrame(frame, 0)) {
        const read = readToClient(frame, 0, frame.length);
        said.push(read?.kind === 'gap' ? `gap ${read.group} ${read.reason}` : String(read?.kind));
      } else {
        const delivery = new Delivery(frame, 0, checkDelivery(frame, 0));
        said.push(`${isReject(delivery.service) ? 'reject' : 'other'} ${delivery.names(1).join()}`);
      }
    },
    queue: { waitingBytes: 0, replay: nothing, replayed: nothing, remind: nothing },
    deferred: { waitsFor: 'behind' as const },
    count: nothing,
    expel: (code: string): void => void said.push(`expelled ${code}`),
    drop: (reason: string): void => void said.push(`dropped ${reason}`),
  };
  const core = {
    comeBack: (_: LocalSession, oldName: string, groups: readonly string[]): void =>
      void said.push(`return of ${oldName} to ${groups.join()}`),
    submission: {
      fullFor: () => new Map(),
      groupsOf: () => new Set(),
      returns: { admits: () => true },
    },
  } as unknown as Core;
  const attachment = new Attachment(
    core,
    counters,
    { ...welcome, ...more },
    hello,
    { ...FORMER, isKnown: () => isKnown },
    host,
  );
  return { attachment, said, counters };
}

const FORMER = { oldName: '#ann#d', target: null, wasSlow: false, settled: () => undefined };

describe('session: an attachment', () => {
  it('asks for permission again, and joins and replays nothing that may not be joined', () => {
    const { attachment, said, counters } = returning();
    expect(attachment.isOpen).to.equal(false);
    attachment.resume({ next: 5, attempt: 2, more: false, groups: ['a', 'z', 'd'].map(group) });
    expect(said).to.deep.equal([
      'gap z not-permitted',
      'reject z',
      'gap a overrun',
      'gap d overrun',
      'return of #ann#d to a,d',
    ]);
    expect(counters.gaps).to.deep.equal({ 'not-permitted': 1, overrun: 2 });
    const { state, isOpen } = attachment;
    expect(state.hasGap).to.equal(true);
    expect([isOpen, state.number, state.stable, state.attempt]).to.deep.equal([true, 4, 4, 2]);
    expect([[...state.onDemand], state.isBehindGap]).to.deep.equal([['d'], true]);
    attachment.returned();
    expect(said.at(-1)).to.equal('resumed');
  });

  it('of a new session takes requests at once, and no RESUME', () => {
    const { attachment } = returning({ verdict: 'new', stable: 0 });
    expect([attachment.isOpen, attachment.state.attempt]).to.deep.equal([true, 0]);
    expect(() => attachment.resume({ next: 1, attempt: 2, more: false, groups: [] })).to.throw('RESUME');
    expect(() => attachment.number(0)).to.throw('NUMBER');
  });

  it('has no gap where nothing is missing but what it may not have', () => {
    const { attachment, said } = returning();
    attachment.resume({ next: 5, attempt: 2, more: false, groups: [group('z')] });
    expect([attachment.state.hasGap, said[0]]).to.deep.equal([false, 'gap z not-permitted']);
  });

  it('of a session that was forgotten since it was welcome ends: its repeats would be taken for new', () => {
    const { attachment, said } = returning({}, false);
    attachment.resume({ next: 5, attempt: 2, more: false, groups: [group('a')] });
    expect(said).to.deep.equal(['expelled forgotten']);
  });

  it('takes ten thousand groups in all parts, and not one more', () => {
    const { attachment, said } = returning();
    const groups = Array.from({ length: 5000 }, (_, i) => group(`a${i}`));
    for (let i = 0; i < 2; i++) attachment.resume({ next: 1, attempt: 2, more: true, groups });
    expect(said).to.deep.equal([]);
    const one = { next: 1, attempt: 2, more: false, groups: [group('b')] };
    expect(() => attachment.resume(one)).to.throw('at most 10000 groups');
  });
});
