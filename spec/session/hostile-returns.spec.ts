/** Clients that come back and lie, or ask for more than anybody needs: the daemon stays, and the others do not feel it. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { encodePing } from '../../lib/wire/extension/heartbeat.js';
import { encodeListRequest } from '../../lib/wire/extension/list.js';
import { encodeNumber, encodeResume, type ResumeGroup } from '../../lib/wire/extension/resume.js';
import { REJECTED_BY_LIMIT } from '../../lib/wire/reject.js';
import { AGREED_MESS, isReject } from '../../lib/wire/service.js';
import type { ResumableClient } from '../support/resumable-client.js';
import { until } from '../support/wait.js';
import { annAndBob } from './returning-pair.js';

const wanted = (group: string): ResumeGroup => ({
  group,
  onDemand: false,
  signalled: false,
  had: false,
  wanted: true,
});

describe('session: a hostile return', () => {
  describe('that counts its requests from a number at the end of 48 bits', () => {
    it('with NUMBER is illegal', async () => {
      await using pair = await annAndBob();
      const { daemon, ann, bob } = pair;
      ann.session.client.send(encodeNumber(2 ** 48 - 1));
      for (let i = 0; i < 3; i++) ann.multicast(AGREED_MESS, ['g'], 'more');
      await until(() => daemon.sessions === 1, 'the end of the session');
      expect(daemon.counters.ends).to.deep.equal({ 'illegal-extension': 1 });
      bob.multicast(AGREED_MESS, ['g'], 'here');
      await bob.hears('g: disconnect #ann#dmn1', '#bob#dmn1 > g: here');
    });

    it('with RESUME is illegal', async () => {
      await using pair = await annAndBob();
      const { daemon, ann, bob } = pair;
      ann.break();
      await bob.hears('g: disconnect #ann#dmn1');
      await ann.return(daemon.port);
      ann.session.client.send(encodeResume({ next: 2 ** 47 + 1, attempt: 1, more: false, groups: [] }));
      await until(() => daemon.sessions === 1, 'the end of the session');
      expect(daemon.counters.ends['illegal-extension']).to.equal(1);
    });

    it('is none where there is room', async () => {
      await using pair = await annAndBob();
      const { ann, bob } = pair;
      ann.session.client.send(encodeNumber(2 ** 47));
      ann.multicast(AGREED_MESS, ['g'], 'far');
      await bob.hears('#ann#dmn1 > g: far');
    });
  });

  it('that asks for lists before it has said what it wants ends with the ten thousand and first', async () => {
    await using pair = await annAndBob();
    const { daemon, ann, bob } = pair;
    ann.break();
    await bob.hears('g: disconnect #ann#dmn1');
    await ann.return(daemon.port);
    const questions = Array.from({ length: 10_001 }, (_, i) => encodeListRequest(`a${i}`));
    ann.session.client.send(Buffer.concat(questions.slice(1)));
    ann.session.client.send(Buffer.concat(questions.slice(1)));
    ann.session.client.send(encodePing(7n));
    await until(() => ann.session.frames.length > 0, 'PONG');
    ann.session.client.send(questions[0] as Buffer);
    await until(() => daemon.sessions === 1, 'the end of the session');
    expect(daemon.counters.ends['illegal-extension']).to.equal(1);
  });

  describe('to more groups than there may be', () => {
    const rejects = (client: ResumableClient): number[] =>
      client.session.frames.filter(({ service }) => isReject(service)).map(({ messType }) => messType);

    it('joins those for which there is room, and is refused the others', async () => {
      await using pair = await annAndBob({ limits: { maxGroups: 3 } });
      const { daemon, ann, bob } = pair;
      ann.break();
      await bob.hears('g: disconnect #ann#dmn1');
      await ann.return(daemon.port);
      ann.resume(['g', 'h', 'i', 'j', 'k']);
      await ann.hears('resumed 3', 'gap j: not-permitted', 'gap k: not-permitted');
      expect(rejects(ann)).to.deep.equal([REJECTED_BY_LIMIT, REJECTED_BY_LIMIT]);
      // Nothing of it is under way any more.
      ann.leave('h');
      await ann.hears('left h');
      bob.join('l');
      await bob.hears('list l: #bob#dmn1');
    });

    it('keeps memberships that it has where there is no room for any more', async () => {
      await using pair = await annAndBob({ limits: { maxMemberships: 2 } });
      const { daemon, ann, bob } = pair;
      await ann.return(daemon.port);
      ann.resume(['g', 'h']);
      await ann.hears('resumed 1', 'gap h: not-permitted');
      ann.break();
      await bob.hears('g: disconnect #ann#dmn1');
      await ann.return(daemon.port);
      ann.resume(['g']);
      await ann.hears('resumed 1', 'g: join #ann#dmn1 was #ann#dmn1');
    });

    it('is never in more than one session may be in, over all that it takes over', async () => {
      await using pair = await annAndBob();
      const { daemon, ann, bob } = pair;
      const many = (letter: string): string[] => Array.from({ length: 5001 }, (_, i) => `${letter}${i}`);
      ann.break();
      await bob.hears('g: disconnect #ann#dmn1');
      await ann.return(daemon.port);
      ann.resume(many('a'));
      await ann.hears('resumed 5001');
      ann.heard();
      await ann.return(daemon.port);
      const groups = many('b').map((group) => wanted(group));
      ann.session.client.send(encodeResume({ next: ann.next, attempt: 2, more: false, groups }));
      await ann.hears('resumed 5001', 'list b5000: #ann#dmn1');
      // Those of before are left, for it does not want them any more; bob is in one.
      expect(daemon.status.groupCount).to.equal(5002);
    });
  });
});
