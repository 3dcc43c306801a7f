/** The connections of a flood: bare mailboxes, many at once. */
import { refusalOf } from '../../client/reader.js';
import { JOIN_MESS, passwordAuthenticator } from '../../wire/index.js';
import type { DialFailure } from '../../mailbox/dial-failure.js';
import { failureError } from '../../mailbox/failure-text.js';
import { Mailbox } from '../../mailbox/mailbox.js';
import {
  type Access,
  CONNECT_LIMIT_MS,
  connectFailure,
  credentials,
  lostFailure,
  tlsOf,
} from '../session.js';

/**
 * Connects this often. When one attempt fails the others are undone.
 * @throws Failure, or the reason of `stop`
 */
export async function openAll(
  access: Access,
  count: number,
  membership: boolean,
  stop: AbortSignal,
): Promise<Mailbox[]> {
  const auth = credentials();
  const authenticators = auth && [passwordAuthenticator(auth.user, auth.password)];
  const options = {
    spreadName: access.address,
    tls: tlsOf(access),
    membership,
    timeout: CONNECT_LIMIT_MS,
    signal: stop,
    authenticators,
  };
  const opened = await Promise.all(Array.from({ length: count }, () => Mailbox.dial(options)));
  const mailboxes = opened.filter((each) => each instanceof Mailbox);
  const failed = opened.find((each): each is DialFailure => !(each instanceof Mailbox));
  if (failed === undefined) return mailboxes;
  await Promise.all(mailboxes.map((mailbox) => mailbox.disconnect()));
  stop.throwIfAborted();
  throw connectFailure(failureError(failed, options), access);
}

/** Joins them all. Resolves when each has seen the view with all of them: what is sent now comes to all. */
export async function joinAll(
  mailboxes: readonly Mailbox[],
  group: string,
  address: string,
  stop: AbortSignal,
): Promise<void> {
  for (const mailbox of mailboxes) void mailbox.send(JOIN_MESS, [group], 0, []);
  const names = new Set(mailboxes.map(({ privateGroup }) => privateGroup));
  await Promise.all(
    mailboxes.map(async (mailbox) => {
      while (!sawAll(mailbox, names)) {
        if (mailbox.state !== 'open') throw lostFailure(address, mailbox.cause);
        stop.throwIfAborted();
        await mailbox.wait(stop);
      }
    }),
  );
}

/** Takes views up to the one that has all the names. */
function sawAll(mailbox: Mailbox, names: ReadonlySet<string>): boolean {
  for (let arrival = mailbox.take(); arrival !== undefined; arrival = mailbox.take()) {
    const refusal = refusalOf(arrival, mailbox);
    if (refusal) throw refusal;
    if (arrival.kind !== 'view' || arrival.numGroups < names.size) continue;
    const members = new Set(arrival.names());
    if ([...names].every((name) => members.has(name))) return true;
  }
  return false;
}
