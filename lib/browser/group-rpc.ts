/** `groupRpc` of browsers: a part of its own, loaded when it is first used. */
import type { Connection } from '../client/connection.js';
import type { GroupRpc, GroupRpcOptions, TypedRpcOptions } from '../recipes/call.js';

/**
 * Joins the group, to ask its members and to answer them.
 * @throws IllegalParamError, and what `Connection.join` throws
 */
export async function groupRpc<Request, RequestInput, Answer, AnswerInput>(
  connection: Connection,
  group: string,
  options: TypedRpcOptions<Request, RequestInput, Answer, AnswerInput>,
): Promise<GroupRpc<RequestInput, Answer>>;
export async function groupRpc<Request = unknown, Answer = unknown>(
  connection: Connection,
  group: string,
  options?: GroupRpcOptions<Request, Answer>,
): Promise<GroupRpc<Request, Answer>>;
export async function groupRpc(
  connection: Connection,
  group: string,
  options: GroupRpcOptions<unknown, unknown> = {},
): Promise<GroupRpc<unknown, unknown>> {
  const recipe = await import('./parts/group-rpc.js');
  return await recipe.groupRpc(connection, group, options);
}
