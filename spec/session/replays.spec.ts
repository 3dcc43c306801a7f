/** What a client that comes back gets of what it has missed, at real daemons of one machine. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { ResumableClient } from '../support/resumable-client.js';
import { annAndBob } from './returning-pair.js';

describe('session: a return to a daemon that has kept what came', () => {
  it('loses nothing', async () => {
    await using pair = await annAndBob();
    const { daemon, ann, bob } = pair;
    bob.multicast(AGREED_MESS, ['g'], 'one');
    await ann.hears('#bob#dmn1 > g: one');
    ann.break();
    ann.heard();
    await bob.hears('g: disconnect #ann#dmn1');
    bob.multicast(AGREED_MESS, ['g'], 'two');
    bob.multicast(AGREED_MESS, ['#ann#dmn1'], 'too late');
    await bob.hears('#bob#dmn1 > g: two');
    await ann.return(daemon.port);
    expect(ann.welcome).to.deep.include({ verdict: 'whole', stable: 1 });
    ann.resume(['g']);
    ann.multicast(AGREED_MESS, ['g'], 'three');
    await ann.hears('resumed 1', '#ann#dmn1 > g: three');
    bob.multicast(AGREED_MESS, ['g'], 'four');
    await ann.hears('#bob#dmn1 > g: four');
    expect(ann.heard().filter((word) => word !== 'resumed 1')).to.deep.equal([
      'g: disconnect #ann#dmn1',
      '#bob#dmn1 > g: two',
      '#bob#dmn1 > #ann#dmn1: too late',
      'g: join #ann#dmn1 was #ann#dmn1',
      '#ann#dmn1 > g: three',
      '#bob#dmn1 > g: four',
    ]);
    expect(bob.heard()).to.deep.equal([
      '#bob#dmn1 > g: one',
      'g: disconnect #ann#dmn1',
      '#bob#dmn1 > g: two',
      'g: join #ann#dmn1 was #ann#dmn1',
      '#ann#dmn1 > g: three',
      '#bob#dmn1 > g: four',
    ]);
  });

  it('is as good when the connection breaks again within what was missed', async () => {
    await using pair = await annAndBob();
    const { daemon, ann, bob } = pair;
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    const texts = Array.from({ length: 50 }, (_, i) => `${i}`.padEnd(5000, '.'));
    for (const text of texts) bob.multicast(AGREED_MESS, ['g'], text);
    await bob.hears(`#bob#dmn1 > g: ${texts.at(-1)}`);
    for (let breaks = 0; breaks < 3; breaks++) {
      await ann.return(daemon.port);
      expect(ann.welcome.verdict).to.equal('whole');
      ann.resume(['g']);
      await ann.hears(`#bob#dmn1 > g: ${texts[10 + 15 * breaks]}`);
      ann.break();
      await bob.hears('g: disconnect #ann#dmn1');
    }
    const heard = ann.heard().filter((word) => word.startsWith('#bob'));
    expect(heard).to.deep.equal(texts.slice(0, heard.length).map((text) => `#bob#dmn1 > g: ${text}`));
  });

  it('has a gap where that is not kept', async () => {
    await using pair = await annAndBob({ resumeBufferBytes: 0 });
    const { daemon, ann, bob } = pair;
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('gap');
    // A message for it that comes before it says what it wants does not come before the gap.
    bob.multicast(AGREED_MESS, ['g', '#ann#dmn1'], 'early');
    await bob.hears('#bob#dmn1 > g,#ann#dmn1: early');
    ann.resume(['g']);
    await ann.hears('resumed 1');
    expect(ann.heard()).to.deep.equal([
      'gap g: overrun',
      'list g behind a gap: #ann#dmn1 #bob#dmn1',
      'resumed 1',
    ]);
  });

  it('has a gap where more has come than is kept', async () => {
    await using pair = await annAndBob({ resumeBufferBytes: 20_000 });
    const { daemon, ann, bob } = pair;
    const before = ann.counts.get('g') as number;
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    for (let i = 0; i < 10; i++) bob.multicast(AGREED_MESS, ['g'], Buffer.alloc(3000, 97 + i));
    await bob.hears(`#bob#dmn1 > g: ${'j'.repeat(3000)}`);
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('gap');
    ann.resume(['g']);
    await ann.hears('resumed 1');
    expect(ann.heard()).to.deep.equal(['gap g: overrun', 'list g: #ann#dmn1 #bob#dmn1', 'resumed 1']);
    expect((ann.counts.get('g') as number) - before).to.equal(10);
  });

  it('loses nothing of a quiet group, however much has come for others', async () => {
    await using pair = await annAndBob({ resumeBufferBytes: 20_000 });
    const { daemon, ann, bob } = pair;
    const eve = await ResumableClient.connect(daemon.port, 'eve');
    eve.join('h');
    await eve.hears('list h: #eve#dmn1');
    const placeOf = (): number => {
      ann.take();
      return ann.position.at(0).to;
    };
    const before = placeOf();
    // More than the ring holds, until ann hears where the order is.
    const say = async (i: number): Promise<void> => {
      const text = `${i}`.padEnd(3000, '.');
      eve.multicast(AGREED_MESS, ['h'], text);
      await eve.hears(`#eve#dmn1 > h: ${text}`);
      eve.heard();
    };
    for (let i = 0; i < 10; i++) await say(i);
    for (let i = 10; placeOf() === before; i++) await say(i);
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    await ann.return(daemon.port);
    expect(ann.welcome.verdict).to.equal('whole');
    eve.close();
  });

  it('has the lists that are asked for when it has got everything', async () => {
    await using pair = await annAndBob();
    const { daemon, ann, bob } = pair;
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    await ann.return(daemon.port);
    ann.resume(['g'], { g: { onDemand: true } });
    ann.session.client.send(encodeListRequest('g'));
    const list = 'list g, asked for: #ann#dmn1 #bob#dmn1';
    await ann.hears(list);
    expect(ann.heard()).to.deep.equal([
      'g: disconnect #ann#dmn1',
      'g: join #ann#dmn1 was #ann#dmn1',
      'resumed 1',
      list,
    ]);
  });

  it('counts what became of it', async () => {
    await using pair = await annAndBob();
    const { daemon, ann, bob } = pair;
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    await ann.return(daemon.port);
    ann.resume(['g']);
    await ann.hears('resumed 1');
    bob.break();
    await ann.hears('g: disconnect #bob#dmn1');
    bob.position.gap('g');
    await bob.return(daemon.port);
    bob.resume(['g']);
    await bob.hears('resumed 1');
    expect(daemon.counters).to.deep.include({ returns: { whole: 1, gap: 1 }, gaps: { diverged: 1 } });
    const { resume } = daemon.status;
    expect([resume.replays, resume.sessions]).to.deep.equal([0, 2]);
    expect(resume.bufferBytes).to.be.above(0);
  });
});
