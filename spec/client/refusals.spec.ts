/** Refusals by permission surface everywhere: here at the connection. */
import { expect } from 'chai';
import { PermissionDeniedError, type RejectEvent, SspError, TooManyGroupsError } from '../../lib/index.js';
import { encodeReject, REJECTED_BY_LIMIT } from '../../lib/wire/reject.js';
import { encodeRequest } from '../../lib/wire/request.js';
import { JOIN_MESS } from '../../lib/wire/service.js';
import { withRules } from '../support/permissions.js';
import { A, refusal, REQUEST_BYTES } from './frames.js';
import { caughtUp, failure, settle, ClientFixture, ClientWorld } from './support.js';

const world = (...rules: readonly string[]): Promise<ClientWorld> =>
  withRules(rules, (options) => ClientWorld.start(options));

describe('refusals by permission', () => {
  it('reject a join with group and action', async () => {
    await using w = await world('* send *');
    const error = await failure((await w.connect('a')).join('room'));
    expect(error).to.be.instanceOf(PermissionDeniedError).and.instanceOf(SspError);
    expect(error).to.include({
      action: 'join',
      group: 'room',
      name: 'PermissionDeniedError',
      message: 'permission denied: join room (PERMISSION_DENIED)',
    });
  });

  it('are the event reject for a message, with the error, in the order of the messages', async () => {
    await using w = await world('* join,send open', '* send #*');
    const a = await w.connect('a');
    const rejects: RejectEvent[] = [];
    a.on('reject', (event) => rejects.push(event));
    await a.send('room', 'x');
    await a.send(['open', 'hall'], 'y');
    await caughtUp(a);
    expect(rejects.map(({ refused, reason, error }) => [refused, reason, error.message])).to.deep.equal([
      ['data', 'permission', 'permission denied: send to room (PERMISSION_DENIED)'],
      ['data', 'permission', 'permission denied: send to open, hall (PERMISSION_DENIED)'],
    ]);
    expect(rejects[1]?.error).to.deep.include({ action: 'send', group: 'open', groups: ['open', 'hall'] });
  });

  it('are a warning, once, where nobody listens', async () => {
    await using w = await world('* send open');
    const a = await w.connect('a');
    const warnings: Error[] = [];
    const hear = (warning: Error): void => void warnings.push(warning);
    process.on('warning', hear);
    try {
      for (let count = 0; count < 3; count++) await a.send('room', 'x');
      await failure(a.join('room'));
      await settle();
    } finally {
      process.off('warning', hear);
    }
    const refused = warnings.filter(({ name }) => name === 'SspRefusedWarning');
    expect(refused.map(({ message }) => message)).to.deep.equal([
      '#a#d1: permission denied: send to room (PERMISSION_DENIED)',
    ]);
  });

  it('are told apart from a limit of the daemon, which is TooManyGroupsError', async () => {
    await using stage = await ClientFixture.open();
    const { connection, session } = stage;
    const rejects: RejectEvent[] = [];
    connection.on('reject', (event) => rejects.push(event));
    const join = connection.join('g');
    await session.bytesFrom(REQUEST_BYTES);
    const request = encodeRequest(JOIN_MESS, A, ['g']);
    await session.send(encodeReject(request, 0, request.length, REJECTED_BY_LIMIT));
    const error = await failure(join);
    expect(error).to.be.instanceOf(TooManyGroupsError).and.not.instanceOf(PermissionDeniedError);
    expect(error.message).to.equal(
      'the daemon has as many groups or memberships as it allows: join g (TOO_MANY_GROUPS)',
    );
    expect(rejects.map(({ reason }) => reason)).to.deep.equal(['too-many-groups']);
  });

  it('say leave where a leave was refused', async () => {
    await using stage = await ClientFixture.open();
    const rejects: RejectEvent[] = [];
    stage.connection.on('reject', (event) => rejects.push(event));
    await stage.session.send(refusal(0x200, ['g']));
    await settle();
    expect(rejects[0]?.error)
      .to.be.instanceOf(PermissionDeniedError)
      .and.include({ action: 'leave', group: 'g' });
  });
});
