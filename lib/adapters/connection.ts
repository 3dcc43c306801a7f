/** Whose connection an adapter uses: one of the program, or one of its own. */
import { connect } from '../client/connect.js';
import type { Connection } from '../client/connection.js';
import type { ConnectOptions } from '../client/options.js';
import { errorOf } from '../errors.js';
import { isConnection } from '../util/option-errors.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';

/** A connection, and how an adapter lets go of it. */
export interface AdapterConnection {
  readonly connection: Connection;
  /** Closes the connection if it is the adapter's own. */
  release(): Promise<void>;
}

/**
 * Opens an adapter on the connection of the program, or on one that it makes and owns. Where opening fails, its own connection
 * is closed.
 * @throws IllegalParamError for what is neither a connection nor says where a daemon is, and what `connect` and `open` throw
 */
export async function onConnection<T>(
  target: Connection | ConnectOptions,
  open: (place: AdapterConnection) => Promise<T>,
): Promise<T> {
  const place = await placeOf(target);
  try {
    return await open(place);
  } catch (error) {
    await place.release();
    throw error;
  }
}

async function placeOf(target: Connection | ConnectOptions): Promise<AdapterConnection> {
  if (isConnection(target)) return { connection: target as Connection, release: () => Promise.resolve() };
  const options = Object(target) as ConnectOptions;
  // Otherwise a typo would connect to whatever daemon has the default port.
  if (options.address === undefined && options.addresses === undefined)
    throw errorOf(ILLEGAL_PARAM, 'expected a Connection, or options of connect with addresses');
  const connection = await connect(options);
  return { connection, release: () => connection.close() };
}
