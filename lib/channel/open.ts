/** From a connection to its channels. */
import { IllegalParamError } from '../errors.js';
import { abortable } from '../util/deferred.js';
import type { Connection } from '../client/connection.js';
import { Channels } from './channels.js';
import { isConnection, NO_CONNECTION } from '../util/option-errors.js';

import { ConnectionLink } from './group-link.js';
import { checkedChannelsOptions, type ChannelsOptions } from './options.js';

/** Connections whose channels are open, or on the way. */
const opened = new WeakMap<Connection, Promise<Channels>>();

/**
 * Channels over a connection, which is still there for everything else. A connection has one: the second call gives the
 * same, whatever its options are, until that is closed. The connection is not closed with its channels, and its loss
 * ends them.
 * @throws ConnectionClosedError, the signal's reason, IllegalParamError, and of 'ssp-toolkit' PermissionDeniedError when a policy of
 * the daemon lets this connection not join the registry's group or send to it, TooManyGroupsError when a limit does
 */
export async function openChannels(connection: Connection, options: ChannelsOptions = {}): Promise<Channels> {
  if (!isConnection(connection)) throw new IllegalParamError(NO_CONNECTION);
  const checked = checkedChannelsOptions(options);
  checked.signal?.throwIfAborted();
  // Another call may have begun in the meantime.
  for (let known = opened.get(connection), before; known !== before; known = opened.get(connection)) {
    before = known;
    const channels = await known?.catch(() => null);
    if (channels?.isOpen) return channels;
  }
  const opening = open(connection, checked);
  opened.set(connection, opening);
  return await opening;
}

async function open(
  connection: Connection,
  { group, signal, ...settings }: ReturnType<typeof checkedChannelsOptions>,
): Promise<Channels> {
  const channels = new Channels(new ConnectionLink(connection, group), settings);
  try {
    await abortable(channels.enter(signal), signal);
    return channels;
  } catch (error) {
    await channels.close();
    throw error;
  }
}
