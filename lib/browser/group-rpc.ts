/** `groupRpc` of browsers: a part of its own, loaded when it is first used. */
import type { Connection } from '../client/connection.js';
import type { GroupRpc, GroupRpcOptions } from '../recipes/call.js';

/**
 * Joins the group, to ask its members and to answer them.
 * @throws IllegalParamError, and what `Connection.join` throws
 */
export async function groupRpc<Request = unknown, Answer = unknown>(
  connection: Connection,
  group: string,
  options: GroupRpcOptions<Request, Answer> = {},
): Promise<GroupRpc<Request, Answer>> {
  const recipe = await import('../recipes/call.js');
  return await recipe.groupRpc(connection, group, options);
}
