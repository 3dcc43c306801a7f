/** What reports say of resumable sessions. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { Malformed } from '../../lib/util/bytes.js';
import { nameField } from '../../lib/wire/name.js';
import { DAEMON_MESS, JOIN_MESS, LEAVE_MESS } from '../../lib/wire/service.js';
import { encodeHead, PartWriter } from '../../daemon/core/report.js';
import { decodePayload } from '../../daemon/core/report-reader.js';
import type { Request } from '../../daemon/core/request.js';
import { MAX_RESUME_KEYS, type ResumeKey, ResumeKeys } from '../../daemon/core/resume-keys.js';

const NO_GROUP = Buffer.alloc(32);
const key = (id: number): ResumeKey => ({ id, key: Buffer.alloc(32, id) });

const returning = (name: string): Request => ({
  kind: DAEMON_MESS,
  sender: nameField(name),
  group: NO_GROUP,
  told: { name, sid: 7n, attempt: 2, last: 300, oldName: '#x#e', groups: ['g', 'h'] },
});

const request = (kind: number, name: string, sid?: bigint): Request => {
  const plain = { kind, sender: nameField(name), group: nameField('g') };
  return sid === undefined ? plain : { ...plain, sid };
};

const head = (requests: readonly Request[], keys: readonly ResumeKey[] = [], isProposal = false) => ({
  past: 1n,
  id: 2,
  time: 3,
  features: 1,
  groups: 0,
  times: [],
  requests,
  resume: { since: 1000, records: 5, keys: { keys, isProposal } },
});

const decode = (bytes: Buffer, daemon = 'd') => decodePayload(bytes, daemon);

describe('core: reports of resumable sessions', () => {
  it('come back with returns in their place among the requests, and whose these are', () => {
    const requests = [
      returning('#a#d'),
      request(JOIN_MESS, '#a#d', 7n),
      request(JOIN_MESS, '#b#d'),
      returning('#b#d'),
      returning('#c#d'),
      request(LEAVE_MESS, '#c#d', 2n ** 64n - 1n),
    ];
    const sent = head(requests, [key(1), key(0xffffffff)], true);
    expect(decode(encodeHead(9n, sent))).to.deep.equal({ kind: 'head', head: sent });
  });

  it('are skipped by daemons that do not know them, which read the other requests', () => {
    const sent = head([returning('#a#d'), request(JOIN_MESS, '#a#d', 7n)]);
    const bytes = encodeHead(9n, sent);
    const { resume: _, ...plain } = head([request(JOIN_MESS, '#a#d')]);
    const old = encodeHead(9n, plain);
    expect(bytes.subarray(0, old.length)).to.deep.equal(old);
  });

  it('are refused when they are cut short at any place, or are of sessions of others', () => {
    const bytes = encodeHead(9n, head([returning('#a#d'), request(JOIN_MESS, '#a#d', 7n)], [key(1)]));
    const plain = encodeHead(9n, { ...head([request(JOIN_MESS, '#a#d')]), resume: null }).length;
    for (let length = plain + 1; length < bytes.length; length++)
      expect(() => decode(bytes.subarray(0, length))).to.throw(Malformed);
    expect(() => decode(encodeHead(9n, head([returning('#a#e')])))).to.throw(Malformed, 'not its own');
  });

  it('are refused when returns or their requests are out of place', () => {
    const sent = head([request(JOIN_MESS, '#a#d', 7n), returning('#a#d')]);
    const bytes = encodeHead(9n, sent);
    const place = bytes.lastIndexOf(
      Buffer.from('01000000', 'hex'),
      bytes.indexOf('#a#d', bytes.length - 120),
    );
    bytes.writeUInt32LE(2, place);
    expect(() => decode(bytes)).to.throw(Malformed);
  });

  it('have the sessions that are known in parts, as many as it takes', () => {
    const records = Array.from({ length: 2000 }, (_, i) => ({
      sid: BigInt(i) << 40n,
      last: i * 2 ** 30,
      attempt: i,
      home: 'd',
      name: i % 3 === 0 ? '' : `#n${i}#d`,
      aliases: i % 2 === 0 ? [] : ['#a#e', '#b#f'],
    }));
    const writer = new PartWriter(9n);
    const parts: Buffer[] = [];
    for (const record of records) {
      writer.addRecord(record);
      if (writer.isFull) parts.push(writer.take(false));
    }
    parts.push(writer.take(true));
    expect(parts.length).to.be.above(1);
    const read = parts.flatMap((bytes) => {
      const payload = decode(bytes);
      return payload.kind === 'part' ? (payload.part.records ?? []) : [];
    });
    expect(read).to.deep.equal(records);
  });

  it('have no session without a legal name', () => {
    const writer = new PartWriter(9n);
    writer.addRecord({ sid: 1n, last: 1, attempt: 0, home: 'd', name: 'group', aliases: [] });
    expect(() => decode(writer.take(true))).to.throw(Malformed, 'without a legal name');
  });
});

describe('core: keys of tokens', () => {
  const reportOf = (...ids: readonly number[]) => ({ keys: ids.map(key), isProposal: false });
  const idsOf = ({ known }: ResumeKeys): number[] => known.map(({ id }) => id);

  it('are what the first daemon of the first view proposes', () => {
    const keys = new ResumeKeys(key(5));
    expect(keys.reported).to.deep.equal({ keys: [key(5)], isProposal: true });
    keys.learn([{ keys: [], isProposal: true }, { keys: [key(9)], isProposal: true }, keys.reported]);
    expect([idsOf(keys), keys.reported.isProposal]).to.deep.equal([[9], false]);
  });

  it('are those of the cluster for a newcomer, whatever it would propose', () => {
    const keys = new ResumeKeys(key(1));
    keys.learn([keys.reported, reportOf(7)]);
    expect(idsOf(keys)).to.deep.equal([7]);
  });

  it('all stay when clusters meet, and the smallest id seals', () => {
    const keys = new ResumeKeys(null);
    keys.learn([reportOf(7)]);
    keys.learn([keys.reported, reportOf(3, 9)]);
    expect(idsOf(keys)).to.deep.equal([3, 7, 9]);
    keys.learn([reportOf(...Array.from({ length: 20 }, (_, i) => 100 - i))]);
    expect(idsOf(keys)).to.have.length(MAX_RESUME_KEYS);
    expect(idsOf(keys)[0]).to.equal(81);
  });

  it('are none where nobody has one', () => {
    const keys = new ResumeKeys(null);
    keys.learn([keys.reported]);
    expect(idsOf(keys)).to.deep.equal([]);
  });
});
