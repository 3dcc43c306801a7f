import { expect } from 'chai';
import { Buffer } from 'node:buffer';
import { CorosyncEngine, type CorosyncOptions } from '../../../daemon/engine/corosync/engine.js';
import { EngineError } from '../../../daemon/engine/port.js';
import { silentLogger } from '../../../daemon/log/logger.js';
import { until } from '../../support/wait.js';
import { FakeCorosync, PassingError } from './fake-corosync.js';

describe('the Corosync engine', () => {
  let corosync: FakeCorosync;
  let engine: CorosyncEngine;
  let said: string[];
  let logged: string[];
  /** Another engine that is listened to. */
  let renewed: (options?: Partial<CorosyncOptions>) => CorosyncEngine;

  beforeEach(() => {
    corosync = new FakeCorosync();
    said = [];
    logged = [];
    const note = (_facts: object, text: string): void => void logged.push(text);
    const logger = { ...silentLogger, info: note, warn: note };
    renewed = (options = {}) => {
      const made = new CorosyncEngine({
        name: 'one',
        group: 'g',
        transport: corosync.transport,
        logger,
        ...options,
      });
      listen(made);
      return made;
    };
    engine = renewed();
  });

  const listen = (to: CorosyncEngine): void => {
    to.on('view', ({ members }) => {
      said.push(`view ${members.map(({ name }) => name).join(',')}`);
      to.exchangeDone();
    });
    to.on('message', ({ payload }) => said.push(payload.toString()));
    to.on('transitional', () => said.push('transitional'));
    to.on('down', ({ reason }) => said.push(`down ${reason}`));
    to.on('up', () => said.push('up'));
    to.on('fatal', ({ message }) => said.push(`fatal ${message}`));
  };

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
    expect(logged).to.deep.equal(['waiting for Corosync', 'connected to Corosync']);
  });

  it('does not start when waiting does not help', async () => {
    corosync.error = new Error('Corosync refuses this user');
    const failure = await engine.start().catch((error: unknown) => error);
    expect(failure).to.equal(corosync.error);
  });

  it('continues alone when Corosync dies, and with Corosync when it is back', async () => {
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
    expect(said.at(-1)).to.equal('fatal Corosync reports node 2, expected node 1');
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

  describe('when Corosync hangs', () => {
    /** Corosync has said that it is so, and a question with its own patience is under way. */
    const hangs = async (token = 40): Promise<void> => {
      corosync.token = token;
      await engine.start();
      await until(() => corosync.asked >= 2, 'a second question');
      corosync.hang();
    };

    it('is alone, and tells its clients so before the others can have replaced it', async () => {
      corosync.token = 400;
      await engine.start();
      await until(() => corosync.asked >= 2, 'a second question');
      corosync.hang();
      const before = performance.now();
      await until(() => said.includes('transitional'), 'the transitional signal');
      expect(performance.now() - before).to.be.within(400, 2 * 400);
      await until(() => said.length === 4, 'a view');
      expect(said).to.deep.equal(['view one', 'down lost', 'transitional', 'view one']);
      expect(logged).to.include('lost connection to Corosync; continuing as a single-daemon view');
      corosync.resume();
    });

    it('is with the others again when it answers, and has lost and doubled nothing', async () => {
      await hangs();
      send('1');
      await until(() => said.includes('down lost'), 'the loss');
      send('2');
      await until(() => said.includes('2'), 'a message in the own view');
      corosync.resume();
      await until(() => said.includes('up') && said.at(-1) === 'view one', 'a view with Corosync');
      send('3');
      await until(() => said.includes('3'), 'a message through Corosync');
      expect(said.filter((text) => /^\d$/.test(text))).to.deep.equal(['1', '2', '3']);
    });

    it('is alone, too, while it reads what had waited', async () => {
      await hangs(100);
      const since = performance.now();
      for (;;) {
        if (said.includes('down lost')) break;
        corosync.handOver(since - 1);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      corosync.resume();
    });

    it('takes young events for answers, where no other ones come', async () => {
      corosync.token = 200;
      await engine.start();
      await until(() => corosync.asked >= 2, 'a second question');
      corosync.isMute = true;
      const begin = performance.now();
      // Longer than a question waits for its answer.
      for (let sent = 0; performance.now() < begin + 3 * corosync.token; sent++) {
        send(`m${sent}`);
        await until(() => said.includes(`m${sent}`), 'the message');
      }
      expect(said).not.to.include('down lost');
      await until(() => said.includes('down lost'), 'the loss');
    });

    it('can be stopped', async () => {
      await hangs();
      await until(() => said.includes('down lost'), 'the loss');
      corosync.resume();
    });

    it('bears one that answers late, within its token timeout', async () => {
      await hangs(300);
      await new Promise((resolve) => setTimeout(resolve, 200));
      corosync.resume();
      const { asked } = corosync;
      await until(() => corosync.asked >= asked + 2, 'two more questions');
      expect(said).to.deep.equal(['view one']);
    });

    it('asks four times in a token timeout, and not more', async () => {
      corosync.token = 100;
      await engine.start();
      await until(() => corosync.asked >= 2, 'a second question');
      const [before, { asked }] = [performance.now(), corosync];
      await until(() => corosync.asked >= asked + 6, 'six questions');
      expect(performance.now() - before).to.be.least(6 * 25 - 25);
    });

    it('says once when Corosync cannot be asked, and continues', async () => {
      corosync.speechless = new Error('no libcmap');
      await engine.start();
      send('1');
      await until(() => logged.length > 0 && said.includes('1'), 'a line and a message');
      expect(logged).to.deep.equal(['hang detection for Corosync unavailable']);
    });
  });

  describe('when its process stood still', () => {
    /** As SIGSTOP does, seen from inside. */
    const standStill = (milliseconds: number): void =>
      void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);

    beforeEach(async () => {
      // Excluded after 200 ms at the earliest, which are five heartbeats.
      const views = { silenceTimeout: 200 };
      engine = renewed({ views });
      await engine.start();
    });

    it('for as long as others bear it: continues as if nothing had happened', async () => {
      send('1');
      standStill(60);
      await until(() => said.includes('1'), 'the message');
      expect(said).to.deep.equal(['view one', '1']);
    });

    it('for longer: is alone before it delivers anything that came meanwhile', async () => {
      send('1');
      await until(() => said.includes('1'), 'a message');
      send('2');
      standStill(150);
      await until(() => said.includes('up') && said.at(-1) === 'view one', 'a view with Corosync');
      expect(said).to.deep.equal([
        'view one',
        '1',
        'down lost',
        'transitional',
        '2',
        'view one',
        'up',
        'transitional',
        'view one',
      ]);
    });

    it('for longer inside of a handler: is alone when that is through', async () => {
      engine.on('message', () => standStill(150));
      send('1');
      await until(() => said.includes('down lost'), 'the loss');
      expect(said).to.deep.equal(['view one', '1', 'down lost']);
    });
  });
});
