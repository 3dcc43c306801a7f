/** What members of recipes said, for those who have no business to say it again. */
import { Buffer } from 'node:buffer';
import type { Random } from '../../random.js';

/** Bodies of one group that are kept. */
const MOST = 300;
const GARBAGE_BYTES = 400;

export class Loot {
  private readonly bodies = new Map<string, Buffer[]>();

  keep(group: string, body: Buffer): void {
    const all = this.bodies.get(group) ?? [];
    this.bodies.set(group, all);
    all.push(Buffer.from(body));
    if (all.length > MOST) all.shift();
  }

  /** Something that was said in the group, as it was or damaged, or nothing that anybody would say. */
  pick(group: string, random: Random): Buffer {
    const all = this.bodies.get(group) ?? [];
    if (all.length === 0 || random.chance(0.2)) return garbage(random);
    const body = random.pick(all);
    return random.chance(0.5) ? body : damaged(body, random);
  }
}

const garbage = (random: Random): Buffer =>
  Buffer.from(Array.from({ length: random.below(GARBAGE_BYTES) }, () => random.below(256)));

function damaged(body: Buffer, random: Random): Buffer {
  if (random.chance(0.2)) return body.subarray(0, random.below(body.length + 1));
  const copy = Buffer.from(body);
  for (let i = random.below(4); i >= 0 && copy.length > 0; i--)
    copy[random.below(copy.length)] = random.below(256);
  return random.chance(0.2) ? Buffer.concat([copy, garbage(random)]) : copy;
}
