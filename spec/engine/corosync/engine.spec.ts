import { expect } from 'chai';
import { Buffer } from 'node:buffer';
import { CorosyncEngine } from '../../../daemon/engine/corosync/engine.js';
import { EngineError } from '../../../daemon/engine/error.js';
import { silentLogger } from '../../../daemon/monitor/logger.js';
import { until } from '../../support/wait.js';
import { FakeCorosync, PassingError } from './fake-corosync.js';

describe('the Corosync engine', () => {
  let corosync: FakeCorosync;
  let engine: CorosyncEngine;
  let said: string[];
  let logged: string[];

  beforeEach(() => {
    corosync = new FakeCorosync();
    said = [];
    logged = [];
    const note = (_facts: object, text: string): void => void logged.push(text);
    const logger = { ...silentLogger, info: note, warn: note };
    engine = new CorosyncEngine({ name: 'one', group: 'g', transport: corosync.transport, logger });
    engine.on('view', ({ members }) => {
      said.push(`view ${members.map(({ name }) => name).join(',')}`);
      engine.proceed();
    });
    engine.on('message', ({ payload }) => said.push(payload.toString()));
    engine.on('transitional', () => said.push('transitional'));
    engine.on('down', ({ reason }) => said.push(`down ${reason}`));
    engine.on('up', () => said.push('up'));
    engine.on('fatal', ({ message }) => said.push(`fatal ${message}`));
  });

  afterEach(async () => {
    await engine.stop();
    expect(corosync.open, 'transports that are still open').to.deep.equal([]);
  });

  const send = (text: string): boolean => engine.send(Buffer.from(text));

  it('has started when it has a view', async () => {
    await engine.start();
    expect(said).to.deep.equal(['view one']);
    expect(engine.view?.members).to.deep.equal([engine.self]);
    expect(engine.self.node).to.equal(1);
  });

  it('delivers what it is given, in order', async () => {
    await engine.start();
    for (const text of ['1', '2', '3']) send(text);
    await until(() => said.length === 4, 'three messages');
    expect(said).to.deep.equal(['view one', '1', '2', '3']);
  });

  it('waits for a Corosync that is not there yet, and says so once', async () => {
    corosync.error = new PassingError('Corosync does not answer');
    const started = engine.start();
    await until(() => corosync.tries >= 3, 'three tries');
    corosync.error = null;
    await started;
    expect(logged).to.deep.equal(['waiting for Corosync', 'Corosync is there']);
  });

  it('does not start when waiting does not help', async () => {
    corosync.error = new Error('Corosync refuses this user');
    const failure = await engine.start().catch((error: unknown) => error);
    expect(failure).to.equal(corosync.error);
  });

  it('goes on alone when Corosync dies, and with Corosync when it is back', async () => {
    await engine.start();
    corosync.die();
    send('alone');
    await until(() => said.includes('alone'), 'a message in the own view');
    expect(said).to.deep.equal(['view one', 'down lost', 'transitional', 'view one', 'alone']);
    corosync.error = null;
    await until(() => said.includes('up') && said.at(-1) === 'view one', 'a view with Corosync');
    send('together');
    await until(() => said.includes('together'), 'a message through Corosync');
    expect(said.filter((text) => text === 'alone')).to.have.length(1);
  });

  it('loses and doubles nothing however often Corosync dies', async () => {
    await engine.start();
    let sent = 0;
    for (let death = 0; death < 5; death++) {
      for (let i = 0; i < 200; i++) send(`m${sent++}`);
      corosync.die();
      for (let i = 0; i < 200; i++) send(`m${sent++}`);
      await until(() => said.filter((text) => text.startsWith('m')).length === sent, 'all messages');
      corosync.error = null;
      await until(() => corosync.open.length === 1, 'Corosync to be back');
    }
    const messages = said.filter((text) => text.startsWith('m'));
    expect(messages).to.deep.equal(Array.from({ length: sent }, (_, i) => `m${i}`));
  });

  it('keeps trying whatever a Corosync that was there says on its way back', async () => {
    await engine.start();
    corosync.die();
    corosync.error = new Error('Corosync refuses this user');
    const { tries } = corosync;
    await until(() => corosync.tries >= tries + 2, 'two more tries');
    corosync.error = null;
    await until(() => said.includes('up'), 'Corosync to be back');
    expect(said.join()).not.to.include('fatal');
  });

  it('gives up when it finds itself on another node', async () => {
    await engine.start();
    corosync.die();
    corosync.node = 2;
    corosync.error = null;
    await until(() => said.some((text) => text.startsWith('fatal')), 'the end');
    expect(said.at(-1)).to.equal('fatal Corosync says this is node 2, it was node 1');
  });

  it('can be stopped while it waits for Corosync', async () => {
    corosync.error = new PassingError('Corosync does not answer');
    const started = engine.start().catch((error: unknown) => error);
    await until(() => corosync.tries > 0, 'a try');
    await engine.stop();
    expect(await started).to.be.instanceOf(EngineError);
  });

  it('closes a connection that is made while it stops', async () => {
    let open = (): void => undefined;
    corosync.gate = new Promise((resolve) => {
      open = resolve;
    });
    const started = engine.start().catch((error: unknown) => error);
    await until(() => corosync.tries > 0, 'a try');
    const stopped = engine.stop();
    open();
    await stopped;
    await started;
    expect(corosync.open).to.deep.equal([]);
  });

  it('orders what it was given before it stops', async () => {
    await engine.start();
    for (let i = 0; i < 1000; i++) send(`${i}`);
    await engine.stop();
    expect(said).to.include('999');
  });
});
