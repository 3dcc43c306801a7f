/** Names of groups for texts of hosts. */
import { createHash } from 'node:crypto';
import { expect } from 'chai';
import { groupNameOf } from '../../lib/adapters/group-name.js';
import { IllegalParamError } from '../../lib/errors.js';
import { isGroupName } from '../../lib/wire/name.js';

const hashed = (text: string): string =>
  `~${createHash('sha256').update(text, 'utf8').digest('base64url').slice(0, 30)}`;

describe('adapters: the group for a text', () => {
  for (const text of ['io/', 'cron', 'keyv:sessions', '$', 'a'.repeat(31), 'a~b', 'room:lobby'])
    it(`is ${text} itself`, () => {
      expect(groupNameOf(text)).to.equal(text);
    });

  for (const [text, why] of [
    ['a'.repeat(32), 'is too long'],
    ['two words', 'has a space'],
    ['"quoted"', 'has a character below $'],
    ['größe', 'has a character that is more than one byte'],
    ['~room', 'begins as hashes do'],
    ['#bob#d1', 'is the id of a connection'],
  ] as const)
    it(`is a hash for ${JSON.stringify(text)}, which ${why}`, () => {
      const name = groupNameOf(text);
      expect(name).to.equal(hashed(text));
      expect(isGroupName(name)).to.equal(true);
    });

  it('is another one for the hash of a text', () => {
    expect(groupNameOf(hashed('two words'))).not.to.equal(hashed('two words'));
  });

  it('is the same in every release', () => {
    expect(groupNameOf('two words')).to.equal('~oD8dYRZF61OtFsGvVGygeS3IhFBbq1');
  });

  it('needs a text', () => {
    expect(() => groupNameOf('')).to.throw(IllegalParamError, 'expected a text to name a group, got ""');
    expect(() => groupNameOf(undefined as never)).to.throw(IllegalParamError, 'got undefined');
  });
});
