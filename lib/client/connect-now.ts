/** What `connect` of the client API does: options checked, errors thrown. */
import { errorOf } from '../errors.js';
import { failureError } from '../mailbox/failure-text.js';
import { Mailbox } from '../mailbox/mailbox.js';
import { platformOf } from '../mailbox/platform.js';
import { REJECT_ILLEGAL_NAME } from '../wire/codes.js';
import { passwordAuthenticator } from '../wire/handshake/authentication.js';
import { isPrivateName } from '../wire/name.js';
import { checkedConnectOptions } from './connect-options.js';
import { CompactGroups } from './compact-groups.js';
import { Connection } from './connection.js';
import { COMPACT_OFFER } from './hello.js';
import type { ConnectOptions } from './options.js';
import { socketFinder } from './resume/targets.js';

/** `connect`, with all that it needs. @throws what `connect` throws */
export async function connectNow(options: ConnectOptions): Promise<Connection> {
  const { address, places, resume, name, timeoutMs, silenceTimeoutMs, sendHighWater, signal, auth, tls } =
    checkedConnectOptions(options);
  if (name !== '' && !isPrivateName(name)) throw errorOf(REJECT_ILLEGAL_NAME, name);
  signal?.throwIfAborted();
  const authenticators = auth && [passwordAuthenticator(auth.user, auth.password)];
  const platform = platformOf(options);
  const plan = { name, silenceTimeoutMs, sendHighWater, tls, authenticators, platform };
  if (address === null) {
    // A program with one daemon loads nothing of this.
    const { connectToOne } = await import('./resume/connect.js');
    signal?.throwIfAborted();
    return await connectToOne({
      places,
      resume,
      plan: { ...plan, finder: socketFinder },
      signal,
      timeoutMs,
      sendHighWater,
    });
  }
  const dialled = { ...plan, extension: COMPACT_OFFER, spreadName: address, timeout: timeoutMs, signal };
  const mailbox = await Mailbox.dial(dialled);
  if (mailbox instanceof Mailbox && signal?.aborted) await mailbox.disconnect();
  signal?.throwIfAborted();
  if (mailbox instanceof Mailbox) return new Connection(mailbox, CompactGroups);
  throw failureError(mailbox, dialled);
}
