import { expect } from 'chai';
import type { SelfLeaveEvent } from '../../lib/index.js';
import { EventFanout } from '../../lib/client/event-fanout.js';

const event = (group: string): SelfLeaveEvent => ({ kind: 'self-leave', group, id: [0, 0, 0] });

/** An outlet whose listeners note the groups of what they hear while there are any. */
function outlet(): { out: EventFanout<SelfLeaveEvent>; heard: string[]; listen: (there: boolean) => void } {
  const heard: string[] = [];
  let there = false;
  const listeners = { heard: () => there, tell: ({ group }: SelfLeaveEvent) => void heard.push(group) };
  const out = new EventFanout<SelfLeaveEvent>(listeners, () => undefined);
  const listen = (now: boolean): void => {
    there = now;
    if (now) out.attached();
  };
  return { out, heard, listen };
}

describe('Outlet', () => {
  it('hands over in order what comes between the first listener and its turn', async () => {
    const { out, heard, listen } = outlet();
    out.deliver(event('1'));
    listen(true);
    out.deliver(event('2'));
    expect(heard).to.deep.equal([]);
    await Promise.resolve();
    out.deliver(event('3'));
    expect(heard).to.deep.equal(['1', '2', '3']);
  });

  it('hands over to a listener and to a loop that begins before its turn', async () => {
    const { out, heard, listen } = outlet();
    out.deliver(event('1'));
    listen(true);
    const loop = out.loop();
    out.deliver(event('2'));
    out.end();
    await Promise.resolve();
    expect(heard).to.deep.equal(['1', '2']);
    const groups: string[] = [];
    for await (const { group } of loop) groups.push(group);
    expect(groups).to.deep.equal(['1', '2']);
  });

  it('keeps what comes when the listener is gone before its turn', async () => {
    const { out, heard, listen } = outlet();
    out.deliver(event('1'));
    listen(true);
    listen(false);
    await Promise.resolve();
    out.deliver(event('2'));
    expect(heard).to.deep.equal([]);
    listen(true);
    await Promise.resolve();
    expect(heard).to.deep.equal(['1', '2']);
  });

  it('has a reader while there are listeners, and from the first loop on', () => {
    const { out, listen } = outlet();
    expect(out.hasReader).to.equal(false);
    listen(true);
    expect(out.hasReader).to.equal(true);
    listen(false);
    expect(out.hasReader).to.equal(false);
    void out.loop().return?.();
    expect(out.hasReader).to.equal(true);
  });
});
