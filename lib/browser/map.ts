/** `map` of browsers: a part of its own, loaded when it is first used. */
import type { Connection } from '../client/connection.js';
import type { ReplicatedMap, TypedMapOptions } from '../recipes/map.js';
import type { ReplicatedOptions } from '../recipes/replicated.js';

/**
 * Joins the group with a map that is the same at all members.
 * @throws IllegalParamError, and what `Connection.join` throws
 */
export async function map<V, Input>(
  connection: Connection,
  group: string,
  options: TypedMapOptions<V, Input>,
): Promise<ReplicatedMap<V, Input>>;
export async function map<V>(
  connection: Connection,
  group: string,
  options?: ReplicatedOptions,
): Promise<ReplicatedMap<V>>;
export async function map<V>(
  connection: Connection,
  group: string,
  options: ReplicatedOptions = {},
): Promise<ReplicatedMap<V>> {
  const recipe = await import('./parts/map.js');
  return await recipe.map<V>(connection, group, options);
}
