import { Buffer } from 'node:buffer';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { Mailbox } from '../../lib/mailbox/mailbox.js';
import { FakeDaemon } from '../support/fake-daemon.js';
import { breakOff, deliver, endPairs, pair } from '../support/fake-daemon-mailbox.js';
import { frame } from '../support/fake-daemon-frames.js';

/** Everything that a channel tells while `act` runs. */
async function told(name: string, act: () => Promise<unknown>): Promise<unknown[]> {
  const messages: unknown[] = [];
  const note = (message: unknown): void => void messages.push(message);
  subscribe(name, note);
  try {
    await act();
  } finally {
    unsubscribe(name, note);
  }
  return messages;
}

describe('diagnostics channels', () => {
  afterEach(endPairs);

  it('ssp-toolkit:connect tells of a connection', async () => {
    const [report] = await told('ssp-toolkit:connect', () => pair());
    expect(report).to.deep.include({ name: 'a', result: 1, id: '#a#d1' });
  });

  it('ssp-toolkit:connect tells of a failure', async () => {
    const daemon = await FakeDaemon.start({ list: Buffer.from([0xfd]) });
    const address = daemon.spreadName;
    const open = (): Promise<unknown> => Mailbox.open({ spreadName: address, name: 'b' });
    const reports = await told('ssp-toolkit:connect', open);
    await daemon.stop();
    expect(reports).to.deep.equal([{ address, name: 'b', result: -3, id: '', error: undefined }]);
  });

  it('ssp-toolkit:lost tells of a broken connection', async () => {
    const made = await pair();
    const reports = await told('ssp-toolkit:lost', () => breakOff(made));
    expect(reports).to.deep.equal([{ id: '#a#d1', error: undefined }]);
  });

  it('ssp-toolkit:closed tells of a closed one, once', async () => {
    const { mailbox } = await pair();
    const close = async (): Promise<void> => {
      mailbox.kill();
      mailbox.kill();
    };
    expect(await told('ssp-toolkit:closed', close)).to.deep.equal([{ id: '#a#d1' }]);
  });

  it('ssp-toolkit:paused tells that nobody receives', async () => {
    const made = await pair({ connect: { queueMessages: 1 } });
    const message = frame({ type: 0x10, name: '#b#d1', groups: ['g'], data: 'x' });
    const reports = await told('ssp-toolkit:paused', () => deliver(made, message));
    expect(reports).to.deep.equal([{ id: '#a#d1', waiting: 1, waitingBytes: 81 }]);
  });
});
