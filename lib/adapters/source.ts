/** The connection of an adapter: one of the caller, or one of its own. */
import { connect } from '../client/connect.js';
import type { Connection } from '../client/connection.js';
import type { ConnectOptions } from '../client/options.js';
import { errorOf } from '../errors.js';
import { isConnection, NO_CONNECTION } from '../util/option-errors.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';

/** The connection, and whether the adapter has to close it. */
export interface Source {
  readonly connection: Connection;
  readonly isOwned: boolean;
}

/**
 * @param source a connection, or what `connect` takes
 * @throws IllegalParamError for what is neither, and what `connect` throws
 */
export async function sourceOf(source: Connection | ConnectOptions): Promise<Source> {
  if (isConnection(source)) return { connection: source as Connection, isOwned: false };
  if (typeof source !== 'object' || source === null)
    throw errorOf(ILLEGAL_PARAM, `${NO_CONNECTION}, or options for one`);
  return { connection: await connect(source), isOwned: true };
}
