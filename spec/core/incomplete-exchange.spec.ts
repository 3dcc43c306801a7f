/**
 * One daemon completes the exchange of a view, and the others, who cannot read its report, do not: what its clients send
 * then ([daemon 1.3], [daemon E9], [daemon E10]).
 */
import { expect } from 'chai';
import { type Delivery, nameField, SAFE_MESS } from '../../lib/wire/index.js';
import { closedIdOf, Daemons, forget, ownSetOf, tableOf } from './daemons.js';
import type { Client } from './core-world.js';

/** `a` alone has completed the exchange of the view of all three. */
function incomplete(): { daemons: Daemons; all: [x: Client, y: Client, z: Client] } {
  const daemons = Daemons.together('a', 'b', 'c');
  const [x, y, z] = daemons.members('g', 'x@a', 'y@b', 'z@c') as [Client, Client, Client];
  y.join('h');
  z.join('h');
  daemons.run();
  daemons.node('a').isDamaging = true;
  daemons.change(['a', 'b', 'c']);
  daemons.run();
  forget(x, y, z);
  return { daemons, all: [x, y, z] };
}

const toldTo = (all: readonly Client[]): string[][] => all.map(({ told }) => told);

describe('core: an exchange that one daemon alone completes', () => {
  it('is complete there, and at no other daemon', () => {
    const { daemons } = incomplete();
    const exchanging = ['a', 'b', 'c'].map((name) => daemons.node(name).core.isExchanging);
    expect(exchanging).to.deep.equal([false, true, true]);
  });

  it('has its messages come to the others after the signal of the groups that they share', () => {
    const { daemons, all } = incomplete();
    const before = daemons.node('b').core.groups.find(nameField('g'), 0)?.id;
    all[0].send('s', ['g'], SAFE_MESS);
    daemons.run();
    const others = ['transition g', '#x#a > g: s'];
    expect(toldTo(all)).to.deep.equal([['#x#a > g: s'], others, others]);
    expect(closedIdOf(all[1].inbox.frames[0] as Delivery)).to.deep.equal(before);
  });

  it('has one signal come, before the first message', () => {
    const { daemons, all } = incomplete();
    for (const text of ['s', 't', 'u']) {
      all[0].send(text, ['g'], SAFE_MESS);
      daemons.run();
    }
    daemons.change(['a'], ['b', 'c']);
    daemons.run();
    const expected = ['transition g', ...['s', 't', 'u'].map((text) => `#x#a > g: ${text}`)];
    expect(all[1].told).to.deep.equal([...expected, 'network g: #y#b #z#c (#y#b #z#c)']);
  });

  it('has no signal come in groups without members at that daemon', () => {
    const { daemons, all } = incomplete();
    all[0].send('s', ['h'], SAFE_MESS);
    daemons.run();
    daemons.change(['a'], ['b', 'c']);
    daemons.run();
    for (const { told } of all.slice(1))
      expect(told.filter((line) => line.includes('h'))).to.deep.equal(['#x#a > h: s']);
    expect(tableOf(daemons.node('b').core)).to.deep.equal(tableOf(daemons.node('c').core));
  });

  for (const [what, texts] of [
    ['before that daemon has sent anything', []],
    ['after it has', ['s']],
  ] as const) {
    it(`has one signal come to each before the view that tells them apart: ${what}`, () => {
      const { daemons, all } = incomplete();
      for (const text of texts) all[0].send(text, ['g'], SAFE_MESS);
      daemons.run();
      daemons.node('a').isDamaging = false;
      daemons.change(['a', 'b', 'c']);
      daemons.run();
      const sent = texts.map((text) => `#x#a > g: ${text}`);
      const view = 'network g: #x#a #y#b #z#c (#x#a) (#y#b #z#c)';
      const others = ['transition g', ...sent, view];
      expect(toldTo(all)).to.deep.equal([[...sent, 'transition g', view], others, others]);
      expect(all.map(({ inbox }) => ownSetOf(inbox.frames.at(-1) as Delivery))).to.deep.equal([0, 1, 1]);
    });
  }
});
