/** `presence` of browsers: who a member is, the daemon states in compact views, so a page with it has them. */
import type { Connection } from '../client/connection.js';
import { errorOf } from '../errors.js';
import {
  type Presence,
  presence as join,
  type PresenceOptions,
  type TypedPresenceOptions,
} from '../recipes/presence.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { isWithoutCompactViews, needCompactViews } from './compact.js';

// What imports this module is there before the page connects.
needCompactViews();

/**
 * Joins the group and announces this member.
 * @throws IllegalParamError, also for metadata that is too long or no JSON, for a key that is not the subject of the token, and on
 * a connection without compact views, InvalidValueError for metadata that the schema does not accept, and what `Connection.join` throws
 */
export async function presence<M, Input>(
  connection: Connection,
  group: string,
  options: TypedPresenceOptions<M, Input>,
): Promise<Presence<M, Input>>;
export async function presence<M = unknown>(
  connection: Connection,
  group: string,
  options: PresenceOptions<M>,
): Promise<Presence<M>>;
export async function presence<M>(
  connection: Connection,
  group: string,
  options: PresenceOptions<M>,
): Promise<Presence<M>> {
  if (isWithoutCompactViews(connection))
    throw errorOf(
      ILLEGAL_PARAM,
      'presence needs a connection with compact views: pass `compactViews: true` to connect, or import presence before',
    );
  return await join<M>(connection, group, options);
}
