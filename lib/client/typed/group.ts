/** What a payload changes of a group: what it hands out, and what it sends. */
import { warn } from '#report';
import { errorOf, IllegalParamError } from '../../errors.js';
import { ignored } from '../../util/schema.js';
import { ILLEGAL_GROUP } from '../../wire/codes.js';
import { isPrivateGroup } from '../../wire/name.js';
import type { DataEvent, GroupEvent } from '../event.js';
import type { Group, GroupHome, GroupSynchrony } from '../group.js';
import type { Body, MembersSendOptions, SendOptions } from '../send.js';
import type { Payload } from './payload.js';

/**
 * Makes the group of values.
 * @param make the group, in this home
 */
export function typedGroup(
  name: string,
  payload: Payload,
  home: GroupHome,
  make: (home: GroupHome) => Group,
): Group {
  const { synchrony } = home;
  let isBroken = false;
  const broken = (): void => {
    if (isBroken) return;
    isBroken = true;
    const text = `the schema of ${name} answers with promises: the group is left`;
    warn(text, 'SspSchemaWarning');
    group.end(new IllegalParamError(text));
    ignored(home.leave(group));
  };
  // A library may answer with a promise that rejects where a check of the application throws: that is one invalid value.
  const late = (promise: PromiseLike<unknown>): void => void promise.then(broken, () => undefined);
  const parse = (message: DataEvent): GroupEvent => payload.parse(message, late) as GroupEvent;
  const send = async (to: string, value: unknown, options: SendOptions | undefined): Promise<void> =>
    await home.send(to, payload.encode(value), payload.sendOptions(options));
  const group = make({
    ...home,
    read: parse,
    send,
    synchrony: synchrony && typedSynchrony(payload, synchrony),
  });
  const sendTo = async (to: string, value: unknown, options?: SendOptions): Promise<void> => {
    if (typeof to !== 'string' || !isPrivateGroup(to))
      throw errorOf(ILLEGAL_GROUP, `expected the id of a connection, got ${String(to)}`);
    await send(to, value, options);
  };
  return Object.assign(group, { parse, sendTo });
}

const typedSynchrony = (payload: Payload, synchrony: GroupSynchrony): GroupSynchrony => ({
  sendToMembers: async (
    group: string,
    members: readonly string[],
    value: Body,
    options: MembersSendOptions | undefined,
  ): Promise<void> =>
    await synchrony.sendToMembers(group, members, payload.encode(value), payload.sendOptions(options)),
  handed: (group, event) => synchrony.handed(group, event),
});
