import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import type { Engine, EngineMessage, View } from '../../daemon/engine/port.js';
import { SoloEngine } from '../../daemon/engine/solo.js';

const engine = (): SoloEngine => new SoloEngine({ name: 'one', node: -7, pid: 42, time: 1_700_000_000 });

interface Heard {
  readonly views: View[];
  readonly messages: EngineMessage[];
}

async function begun(): Promise<{ solo: SoloEngine; heard: Heard }> {
  const solo = engine();
  const heard: Heard = { views: [], messages: [] };
  solo.on('view', (view) => heard.views.push(view)).on('message', (message) => heard.messages.push(message));
  await solo.start();
  return { solo, heard };
}

/** The exchange is over. */
async function started(): Promise<{ solo: SoloEngine; heard: Heard }> {
  const { solo, heard } = await begun();
  solo.exchangeDone();
  return { solo, heard };
}

const texts = ({ messages }: Heard): string[] => messages.map(({ payload }) => payload.toString());

describe('engine: solo', () => {
  it('has no view before it starts', () => {
    expect(engine().view).to.equal(null);
  });

  it('tells one view with itself alone, before start resolves', async () => {
    const { solo, heard } = await started();
    expect(heard.views).to.deep.equal([
      {
        id: { text: '4294967289.1700000000', tag: 1_700_000_000n },
        members: [solo.self],
        sets: [[solo.self]],
        previous: null,
      },
    ]);
    expect(solo.view).to.equal(heard.views[0]);
  });

  it('is known by its options', () => {
    expect(engine().self).to.deep.equal({ name: 'one', node: -7, pid: 42, inc: 1_700_000_000n });
  });

  it('delivers what is sent before send returns', async () => {
    const { solo, heard } = await started();
    solo.send(Buffer.from('a'));
    expect(texts(heard)).to.deep.equal(['a']);
  });

  it('says that everybody has a payload behind it, once for all that were sent in its handler', async () => {
    const { solo } = await begun();
    const told: (string | number)[] = [];
    solo.on('stable', (index) => told.push(index));
    solo.on('message', ({ payload }) => {
      told.push(payload.toString());
      if (payload.toString() === 'a') solo.send(Buffer.from('b'));
    });
    solo.exchangeDone();
    solo.send(Buffer.from('a'));
    solo.send(Buffer.from('c'));
    expect(told).to.deep.equal(['a', 'b', 2, 'c', 3]);
  });

  it('numbers messages from 1 and says who sent them and whether they are safe', async () => {
    const { solo, heard } = await started();
    solo.send(Buffer.from('a'));
    solo.send(Buffer.from('b'), { safe: true });
    solo.send(Buffer.from('c'), {});
    expect(heard.messages.map(({ index, safe, sender }) => [index, safe, sender.name])).to.deep.equal([
      [1, false, 'one'],
      [2, true, 'one'],
      [3, false, 'one'],
    ]);
  });

  it('gives the payload itself, not a copy', async () => {
    const { solo, heard } = await started();
    const payload = Buffer.from('a');
    solo.send(payload);
    expect(heard.messages[0]?.payload).to.equal(payload);
  });

  it('delivers what a handler sends after the message it handles, in the order of the sends', async () => {
    const { solo, heard } = await started();
    let depth = 0;
    solo.on('message', ({ payload }) => {
      expect(depth++, 'handlers are not nested').to.equal(0);
      if (payload.toString() === 'a') {
        solo.send(Buffer.from('b'));
        solo.send(Buffer.from('c'));
      } else if (payload.toString() === 'b') {
        solo.send(Buffer.from('d'));
      }
      depth--;
    });
    solo.send(Buffer.from('a'));
    expect(texts(heard)).to.deep.equal(['a', 'b', 'c', 'd']);
  });

  it('continues behind a handler that throws', async () => {
    const { solo, heard } = await started();
    solo.on('message', ({ payload }) => {
      if (payload.toString() === 'bad') throw new Error('handler');
    });
    expect(() => solo.send(Buffer.from('bad'))).to.throw('handler');
    solo.send(Buffer.from('good'));
    expect(texts(heard)).to.deep.equal(['bad', 'good']);
  });

  it('keeps what is sent until the exchange is over, but for what belongs to the exchange', async () => {
    const { solo, heard } = await begun();
    solo.send(Buffer.from('a'));
    solo.send(Buffer.from('report'), { exchange: true });
    solo.send(Buffer.from('b'), { safe: true });
    expect([texts(heard), solo.stats().queuedBytes]).to.deep.equal([['report'], 2]);
    solo.exchangeDone();
    expect([texts(heard), solo.stats().queuedBytes]).to.deep.equal([['report', 'a', 'b'], 0]);
    expect(heard.messages.map(({ index, safe, exchange }) => [index, safe, exchange])).to.deep.equal([
      [1, false, true],
      [2, false, false],
      [3, true, false],
    ]);
  });

  it('delivers what waits behind the message whose handler ends the exchange', async () => {
    const { solo, heard } = await begun();
    const seen: string[] = [];
    solo.on('message', ({ payload, exchange }) => {
      if (exchange) solo.exchangeDone();
      seen.push(payload.toString());
    });
    solo.send(Buffer.from('a'));
    solo.send(Buffer.from('report'), { exchange: true });
    expect([texts(heard), seen]).to.deep.equal([
      ['report', 'a'],
      ['report', 'a'],
    ]);
  });

  it('takes it in good part that the exchange is said to be over twice', async () => {
    const { solo, heard } = await started();
    solo.send(Buffer.from('a'));
    solo.exchangeDone();
    expect(texts(heard)).to.deep.equal(['a']);
  });

  it('always wants more, so no drain is needed', async () => {
    const { solo } = await started();
    const answers = Array.from({ length: 1000 }, () => solo.send(Buffer.alloc(1000)));
    expect(answers.every(Boolean)).to.equal(true);
  });

  it('takes the longest frame of the session protocol', () => {
    const port: Engine = engine();
    expect(port.maxPayload).to.be.at.least(144_000);
    expect(port.semantics).to.equal('partitionable');
  });

  it('counts', async () => {
    const { solo } = await started();
    expect(engine().stats()).to.deep.equal({ views: 0, sent: 0, delivered: 0, queuedBytes: 0 });
    solo.send(Buffer.from('a'));
    expect(solo.stats()).to.deep.equal({ views: 1, sent: 1, delivered: 1, queuedBytes: 0 });
  });

  it('is silent when it has stopped', async () => {
    const { solo, heard } = await started();
    await solo.stop();
    solo.send(Buffer.from('a'));
    expect([solo.view, texts(heard)]).to.deep.equal([null, []]);
  });
});
