/** A mailbox connected to a fake daemon, and waiting for what happens between the two. */
import type { Buffer } from 'node:buffer';
import { type ConnectOptions, SSP_connect } from '../../lib/ssp/connect.js';
import type { Mailbox } from '../../lib/mailbox/mailbox.js';
import { leave, mailboxAt } from '../../lib/ssp/mailbox-table.js';
import { FakeDaemon, type FakeDaemonScript, type FakeSession } from './fake-daemon.js';
import { until } from './wait.js';

export { until } from './wait.js';

export interface Pair {
  readonly daemon: FakeDaemon;
  readonly session: FakeSession;
  readonly mbox: number;
  readonly mailbox: Mailbox;
}

const open: Pair[] = [];

/** A connection with the private name `a` unless told otherwise, so with the private group `#a#d1`. */
export async function pair(
  options: { name?: string; script?: FakeDaemonScript; connect?: ConnectOptions } = {},
): Promise<Pair> {
  const daemon = await FakeDaemon.start(options.script);
  const { ret, mbox } = await SSP_connect(daemon.spreadName, options.name ?? 'a', options.connect);
  const mailbox = mailboxAt(mbox);
  if (mailbox === undefined) throw new Error(`connect answered ${ret}`);
  const made = { daemon, session: await daemon.session(), mbox, mailbox };
  open.push(made);
  return made;
}

/** Ends all pairs; for `afterEach`. */
export async function endPairs(): Promise<void> {
  for (const { daemon, mbox, mailbox } of open.splice(0)) {
    leave(mbox);
    mailbox.kill();
    await daemon.stop();
  }
}

/** Sends the frames and waits until all of them lie in the mailbox. */
export async function deliver({ session, mailbox }: Pair, ...frames: Buffer[]): Promise<void> {
  const before = mailbox.waiting;
  await session.send(...frames);
  await until(() => mailbox.waiting === before + frames.length, `${frames.length} messages`);
}

/** Breaks the connection and waits until the client knows. */
export async function breakOff({ session, mailbox }: Pair): Promise<void> {
  session.end();
  await until(() => mailbox.state === 'lost', 'the loss');
}
