/** Daemons that send a connection away as they may not, and ways to other daemons that go wrong: the connection stays. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { connectToOne } from '../../../lib/client/resume/connect.js';
import { Dialler } from '../../../lib/client/resume/dialler.js';
import { resumeSettings } from '../../../lib/client/resume/options.js';
import { placeOf, socketFinder } from '../../../lib/client/resume/targets.js';
import type { Connection } from '../../../lib/index.js';
import { systemPlatform } from '../../../lib/mailbox/platform.js';
import { encodeMove } from '../../../lib/wire/extension/addresses.js';
import {
  FEATURE_COMPACT_VIEWS,
  FEATURE_LISTS_ON_DEMAND,
  FEATURE_MOVES,
  FEATURE_RESUME,
} from '../../../lib/wire/extension/features.js';
import { replace } from '../../simulation/bugs/planted.js';
import { FakeDaemon } from '../../support/fake-daemon.js';
import { eventually } from '../../support/wait.js';
import { settle, within } from '../support.js';
import { A1, A2, MovingDaemons } from './moving-daemons.js';
import { acceptance } from './numbering-daemon.js';

const LIST = Buffer.from('\x0bNULL SSPX1 ', 'latin1');
const FEATURES = FEATURE_RESUME | FEATURE_COMPACT_VIEWS | FEATURE_LISTS_ON_DEMAND;

describe('a connection whose way to another daemon is unsure', () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);

  beforeEach(() => {
    unhandled.length = 0;
    process.on('unhandledRejection', note);
  });

  afterEach(() => {
    process.off('unhandledRejection', note);
    expect(unhandled).to.deep.equal([]);
  });

  it('stays where the daemon was not allowed to send it away', async () => {
    await using daemons = await MovingDaemons.open({ follow: true }, () => [], { features: FEATURES });
    await daemons.send(daemons.first, daemons.moveFrame({ reason: 'alone' }));
    expect([daemons.connection.open, daemons.story]).to.deep.equal([true, []]);
  });

  it('stays where the next daemon has a reason that would end a connection which was lost, and comes back after a loss', async () => {
    const script = (verdict: 'new' | 'whole', id: string) => ({
      list: LIST,
      accept: acceptance(verdict, id, { features: FEATURES | FEATURE_MOVES }),
    });
    const [ofFirst, ofSecond] = [script('new', A1), script('whole', A2)];
    const [first, second] = [await FakeDaemon.start(ofFirst), await FakeDaemon.start(ofSecond)];
    const refused: string[] = [];
    let connection: Connection | null = null;
    try {
      connection = await connectToOne({
        places: [first.spreadName].flatMap((text) => placeOf(text) ?? []),
        resume: resumeSettings(true),
        plan: {
          name: 'a',
          platform: systemPlatform,
          finder: socketFinder,
          isFinal: () => true,
          ownerFault: () => {
            if (refused.length > 0) return null;
            refused.push('once');
            return new Error('another subject');
          },
        },
        signal: undefined,
        timeoutMs: 5000,
        sendHighWater: 1 << 20,
      });
      const story: string[] = [];
      connection.on('reconnecting', () => story.push('reconnecting'));
      connection.on('resumed', () => story.push('resumed'));
      connection.on('close', () => story.push('close'));
      const session = await first.session();
      await session.send(encodeMove({ leftMs: 5000, reason: 'drain', addresses: [second.spreadName] }));
      const tried = await second.session();
      await within(tried.over(), 'the end of the second connection');
      await settle();
      expect([refused, story, connection.open]).to.deep.equal([['once'], [], true]);
      ofFirst.accept = ofSecond.accept = acceptance('unknown', A1, { features: FEATURES });
      session.end();
      await eventually(() => story.includes('resumed') || story.includes('close'), 'the return');
      expect(story).to.deep.equal(['reconnecting', 'resumed']);
    } finally {
      await connection?.close();
      await first.stop();
      await second.stop();
    }
  });

  it('is lost where anything else goes wrong, and comes back', async () => {
    await using daemons = await MovingDaemons.open();
    const repair = replace(Dialler, 'elsewhere', () => () => Promise.reject(new Error('a defect')));
    try {
      await daemons.sendAway();
    } finally {
      repair();
    }
    await daemons.accept('unknown');
    await eventually(() => daemons.story.length === 2, 'the return');
    expect(daemons.story[0]).to.equal('reconnecting: a defect');
  });
});
