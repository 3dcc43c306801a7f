/**
 * Sessions that send what no member of the layer sends: control messages with every id that is known, too short ones,
 * foreign ones, data that carries any view. A stranger is not in the group; an insider is.
 */
import { Buffer } from 'node:buffer';
import {
  FLUSH_OK,
  FLUSH_RECV,
  VULNERABLE,
  controlBody,
  subgroupTail,
  vulnerableTail,
} from '../../../lib/flush/core/control.js';
import type { PlainData } from '../../../lib/flush/core/port.js';
import type { GroupId } from '../../../lib/wire/group-id.js';
import {
  AGREED_MESS,
  FIFO_MESS,
  RELIABLE_MESS,
  SAFE_MESS,
  SUBGROUP_CAST,
} from '../../../lib/wire/service.js';
import type { Random } from '../../support/random.js';
import { GROUP } from './session.js';

const services = [FIFO_MESS, RELIABLE_MESS, AGREED_MESS, SAFE_MESS];

/** Anything. @param members who can be addressed, @param id of the message, should it come to be data */
export function hostileMessage(
  random: Random,
  sender: string,
  members: readonly string[],
  ids: readonly GroupId[],
  text: string,
): PlainData {
  const known = random.chance(0.7) ? ids.slice(-2) : ids;
  const id =
    random.chance(0.95) && known.length > 0 ? random.pick(known) : ([1, 2, random.below(100)] as const);
  const body = Buffer.from(text);
  const base = { sender, service: random.pick(services), groups: [GROUP], senderLittle: random.chance(0.9) };
  switch (random.below(8)) {
    case 0:
    case 1:
      return { ...base, type: FLUSH_OK, body: controlBody(id) };
    case 2:
      return { ...base, type: FLUSH_RECV, body: controlBody(id) };
    case 3:
      return { ...base, type: VULNERABLE, body: Buffer.concat([body, vulnerableTail(1, id)]) };
    case 4:
      return { ...base, type: 1, body };
    case 5: {
      const type = random.pick([FLUSH_OK, FLUSH_RECV, VULNERABLE]);
      return { ...base, type, body: Buffer.alloc(random.below(14), text) };
    }
    case 6: {
      const parts = [body, vulnerableTail(1, id), subgroupTail(random.chance(0.8) ? GROUP : 'elsewhere')];
      const cut = random.chance(0.3) ? random.below(40) : 0;
      const whole = Buffer.concat(parts);
      const type = random.pick([VULNERABLE, VULNERABLE, FLUSH_OK]);
      const groups = members.length > 0 ? [random.pick(members)] : [GROUP];
      return {
        ...base,
        service: base.service | SUBGROUP_CAST,
        groups,
        type,
        body: whole.subarray(0, whole.length - cut),
      };
    }
    default: {
      const groups = members.length > 0 ? [random.pick(members)] : [GROUP];
      return {
        ...base,
        groups,
        type: random.pick([FLUSH_OK, FLUSH_RECV, VULNERABLE]),
        body: controlBody(id),
      };
    }
  }
}
