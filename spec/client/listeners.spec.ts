import { EventEmitter } from 'eventemitter3';
import { expect } from 'chai';
import type { GroupEvent } from '../../lib/index.js';
import { A, alone, change, data, selfLeave, transition } from './frames.js';
import { uncaught } from '../support/uncaught.js';
import { joinG, read, settle, ClientFixture, within, word } from './support.js';

const texts = Array.from({ length: 10 }, (_, i) => String(i));
const messages = texts.map((text) => data(text));

describe('listeners of a group', () => {
  it('get what came before the first of them, in order, not within the call', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), ...messages);
    const heard: string[] = [];
    group.on('event', (event) => heard.push(word(event)));
    expect(heard).to.deep.equal([]);
    await stage.session.send(data('last'));
    await settle();
    expect(heard).to.deep.equal(['join a +a', ...texts, 'last']);
  });

  it('attached in the same turn all get it', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), data('x'), transition(), change('leave', '#b#d1', [A]));
    const heard: string[] = [];
    group.on('view', (view) => heard.push(`view: ${word(view)}`));
    group.addListener('data', ({ text }) => heard.push(`data: ${text}`));
    group.on('transition', ({ kind }) => heard.push(kind));
    await settle();
    expect(heard).to.deep.equal(['view: join a +a', 'data: x', 'transition', 'view: leave a']);
  });

  it('get each kind, then the event', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone());
    const heard: string[] = [];
    const hear = (name: string) => (event: GroupEvent) => heard.push(`${name} ${event.kind}`);
    for (const name of ['event', 'self-leave', 'transition', 'view', 'data'] as const)
      group.on(name, hear(name));
    const leave = group.leave();
    await stage.session.send(data('x'), transition(), selfLeave());
    await leave;
    const kinds = ['view', 'data', 'transition', 'self-leave'];
    expect(heard).to.deep.equal(kinds.flatMap((kind) => [`${kind} ${kind}`, `event ${kind}`]));
  });

  it('by once take one event; the rest waits for the next reader', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), data('1'), data('2'));
    const first = await within(
      new Promise<string>((resolve) => group.once('data', ({ text }) => resolve(text))),
      '1',
    );
    expect(first).to.equal('1');
    await stage.session.send(data('3'));
    await settle();
    expect(await read(group, 2)).to.deep.equal(['2', '3']);
  });

  it('that are taken off leave what comes then to the next reader', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone());
    const heard: string[] = [];
    const hear = (event: GroupEvent): void => void heard.push(word(event));
    group.on('event', hear);
    await settle();
    group.off('event', hear);
    await stage.session.send(data('1'));
    await settle();
    group.on('event', hear);
    await settle();
    expect(heard).to.deep.equal(['join a +a', '1']);
  });

  it('get what arrived also when the connection is lost', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), data('x'));
    stage.session.end();
    await within(new Promise((resolve) => stage.connection.on('close', resolve)), 'the loss');
    const heard: string[] = [];
    group.on('event', (event) => heard.push(word(event)));
    await settle();
    expect(heard).to.deep.equal(['join a +a', 'x']);
  });

  it('have their context', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone());
    const context = { heard: 0 };
    function hear(this: typeof context): void {
      this.heard++;
    }
    group.on('view', hear, context).once('event', hear, context).addListener('event', hear, context);
    await settle();
    expect(context.heard).to.equal(3);
    expect(group).to.be.instanceOf(EventEmitter);
  });

  it('and loops get all there is, each of them', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), ...messages);
    const heard: string[] = [];
    group.on('data', ({ text }) => heard.push(text));
    const loop = read(group, 12);
    await stage.session.send(data('last'));
    expect(await loop).to.deep.equal(['join a +a', ...texts, 'last']);
    expect(heard).to.deep.equal([...texts, 'last']);
  });

  it('attached after a loop began get what comes from there on', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), data('1'));
    expect(await read(group, 1)).to.deep.equal(['join a +a']);
    const heard: string[] = [];
    group.on('data', ({ text }) => heard.push(text));
    await settle();
    await stage.session.send(data('2'));
    expect(await read(group, 2)).to.deep.equal(['1', '2']);
    expect(heard).to.deep.equal(['2']);
  });

  it('that begin a loop share the rest with it', async () => {
    await using stage = await ClientFixture.open();
    const group = await joinG(stage, alone(), data('1'), data('2'));
    const heard: string[] = [];
    let loop: Promise<string[]> | undefined;
    group.on('event', (event) => {
      if (heard.push(word(event)) === 1) loop = read(group, 2);
    });
    await settle();
    expect(heard).to.deep.equal(['join a +a', '1', '2']);
    expect(await loop).to.deep.equal(['1', '2']);
  });

  describe('that throw', () => {
    it('cause an uncaught exception and stop neither other kinds nor what follows', async () => {
      await using stage = await ClientFixture.open();
      const { connection, session } = stage;
      const group = await joinG(stage, alone());
      const heard: string[] = [];
      const error = new Error('a defect');
      group.on('data', ({ text }) => {
        heard.push(text);
        throw error;
      });
      group.on('data', () => heard.push('behind it'));
      group.on('event', ({ kind }) => heard.push(kind));
      connection.on('event', () => {
        throw error;
      });
      const loop = read(group, 3);
      const errors = await uncaught(4, () => session.send(data('1'), data('2')));
      expect(errors).to.deep.equal([error, error, error, error]);
      expect(heard).to.deep.equal(['view', '1', 'data', '2', 'data']);
      expect(await loop).to.deep.equal(['join a +a', '1', '2']);
    });

    it('do not keep a connection from closing', async () => {
      await using stage = await ClientFixture.open();
      stage.connection.on('close', () => {
        throw new Error('a defect');
      });
      const errors = await uncaught(1, () => stage.connection.close());
      expect(errors).to.have.length(1);
    });
  });
});
