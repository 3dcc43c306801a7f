import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import {
  REJECT_AUTH,
  REJECT_ILLEGAL_NAME,
  REJECT_NOT_UNIQUE,
  REJECT_QUOTA,
  REJECT_VERSION,
} from '../../../lib/wire/codes.js';
import type { ConnectRequest } from '../../../lib/wire/handshake/connect-request.js';
import { encodeMethodChoice } from '../../../lib/wire/handshake/methods.js';
import { type HandshakePolicy, ServerHandshake } from '../../../lib/wire/handshake/server-handshake.js';
import { inPieces } from '../sides.js';

const REQUEST = Buffer.from('0500010103626f62', 'hex');
const CHOICE = encodeMethodChoice(['NULL']);
const LIST = '054e554c4c20';
const ACCEPT = '010500010923626f6223646d6e31';
const NO_AUTH = 'f7';

/** A policy that notes what it is asked. */
class Policy implements HandshakePolicy {
  readonly asked: string[] = [];
  readonly reserved: ConnectRequest[] = [];
  failing: readonly string[] = [];
  /** Answers of `reserve`, the last one for good. */
  answers: (string | number)[] = ['#bob#dmn1'];

  constructor(
    readonly allowed: readonly string[] = ['NULL'],
    readonly required: readonly string[] = [],
  ) {}

  reserve(request: ConnectRequest): string | number {
    this.reserved.push(request);
    return (this.answers.length > 1 ? this.answers.shift() : this.answers[0]) ?? '';
  }

  passes(method: string): boolean {
    this.asked.push(method);
    return !this.failing.includes(method);
  }
}

interface Talk {
  readonly written: string;
  readonly end: string | number | null;
  readonly rest: string;
}

/** Everything the daemon says to these pieces. */
function talk(policy: HandshakePolicy, ...pieces: readonly Buffer[]): Talk {
  const handshake = new ServerHandshake(policy);
  let written = '';
  for (const [i, piece] of pieces.entries()) {
    const step = handshake.push(piece);
    written += step.write?.toString('hex') ?? '';
    const left = Buffer.concat(pieces.slice(i + 1));
    if (step.kind === 'rejected') return { written, end: step.code, rest: left.toString('hex') };
    if (step.kind === 'accepted') {
      return { written, end: step.privateGroup, rest: Buffer.concat([step.rest, left]).toString('hex') };
    }
  }
  return { written, end: null, rest: '' };
}

const old = (minor: number, name = 'old'): Buffer =>
  Buffer.concat([Buffer.from([3, minor, ...(minor < 15 ? [] : [0]), 1, name.length]), Buffer.from(name)]);

describe('wire: server handshake', () => {
  it('sends the list for a request', () => {
    expect(talk(new Policy(), REQUEST)).to.deep.equal({ written: LIST, end: null, rest: '' });
  });

  it('sends the accept for a choice', () => {
    expect(talk(new Policy(), REQUEST, CHOICE)).to.deep.equal({
      written: LIST + ACCEPT,
      end: '#bob#dmn1',
      rest: '',
    });
  });

  it('gives the request along with the accept', () => {
    const handshake = new ServerHandshake(new Policy());
    handshake.push(REQUEST);
    const step = handshake.push(CHOICE);
    expect(step).to.deep.include({
      kind: 'accepted',
      privateGroup: '#bob#dmn1',
      request: {
        version: { major: 5, minor: 0, patch: 1 },
        membership: true,
        priority: 0,
        privateName: 'bob',
      },
    });
  });

  it('takes bytes one by one', () => {
    const pieces = inPieces(Buffer.concat([REQUEST, CHOICE]), 1);
    expect(talk(new Policy(), ...pieces)).to.deep.include({ written: LIST + ACCEPT, end: '#bob#dmn1' });
  });

  it('takes request and choice in one segment', () => {
    expect(talk(new Policy(), Buffer.concat([REQUEST, CHOICE]))).to.deep.include({
      written: LIST + ACCEPT,
      end: '#bob#dmn1',
    });
  });

  it('says the same at every split, and gives on the frames behind', () => {
    const bytes = Buffer.concat([REQUEST, CHOICE, Buffer.from('frames')]);
    for (let cut = 1; cut < bytes.length; cut++) {
      const { written, end, rest } = talk(new Policy(), bytes.subarray(0, cut), bytes.subarray(cut));
      expect([written, end, rest], `cut at ${cut}`).to.deep.equal([
        LIST + ACCEPT,
        '#bob#dmn1',
        Buffer.from('frames').toString('hex'),
      ]);
    }
  });

  it('waits without a word for the rest of a request', () => {
    expect(talk(new Policy(), REQUEST.subarray(0, 7))).to.deep.equal({ written: '', end: null, rest: '' });
  });

  it('reserves the name once, whatever the pieces', () => {
    const policy = new Policy();
    talk(policy, ...inPieces(Buffer.concat([REQUEST, CHOICE]), 3));
    expect(policy.reserved.map(({ privateName }) => privateName)).to.deep.equal(['bob']);
  });

  it('lets the policy make up a name for an empty one', () => {
    const policy = new Policy();
    policy.answers = ['#r1-2#dmn1'];
    const { end } = talk(policy, Buffer.from('0500010000', 'hex'), CHOICE);
    expect(end).to.equal('#r1-2#dmn1');
    expect(policy.reserved).to.deep.equal([
      { version: { major: 5, minor: 0, patch: 1 }, membership: false, priority: 0, privateName: '' },
    ]);
  });

  describe('rejects', () => {
    for (const [what, bytes, code, byte] of [
      ['an old version', '0200', REJECT_VERSION, 'f9'],
      ['a version above 127', '8000', REJECT_VERSION, 'f9'],
      ['a name of 11 bytes', '050001010b', REJECT_ILLEGAL_NAME, 'fb'],
      ['a name of 128 bytes', '0500010180', REJECT_ILLEGAL_NAME, 'fb'],
      ['an illegal name', '0500010103612062', REJECT_ILLEGAL_NAME, 'fb'],
    ] as const) {
      it(`${what} with ${byte} and without asking for the name`, () => {
        const policy = new Policy();
        expect(talk(policy, Buffer.from(bytes, 'hex'))).to.deep.equal({ written: byte, end: code, rest: '' });
        expect(policy.reserved).to.deep.equal([]);
      });
    }

    for (const [what, code, byte] of [
      ['a name in use', REJECT_NOT_UNIQUE, 'fa'],
      ['one session too many', REJECT_QUOTA, 'fd'],
    ] as const) {
      it(`${what} with ${byte} in place of the list`, () => {
        const policy = new Policy();
        policy.answers = [code];
        expect(talk(policy, REQUEST)).to.deep.equal({ written: byte, end: code, rest: '' });
      });
    }

    it('everybody right behind an empty list', () => {
      expect(talk(new Policy([]), REQUEST)).to.deep.equal({
        written: `00${NO_AUTH}`,
        end: REJECT_AUTH,
        rest: '',
      });
    });

    for (const [what, choice] of [
      ['an unknown method', ['FOO']],
      ['a method in small letters', ['null']],
      ['a method that is not allowed', ['IP']],
      ['a method that is not allowed behind one that is', ['NULL', 'IP']],
      ['an empty choice', []],
    ] as const) {
      it(`${what} with f7 and without running any`, () => {
        const policy = new Policy();
        const { written, end } = talk(policy, REQUEST, encodeMethodChoice(choice));
        expect([written, end]).to.deep.equal([LIST + NO_AUTH, REJECT_AUTH]);
        expect(policy.asked).to.deep.equal([]);
      });
    }

    it('a method that is required and was chosen, but is not in the list', () => {
      const { end } = talk(new Policy(['NULL'], ['IP']), REQUEST, encodeMethodChoice(['IP']));
      expect(end).to.equal(REJECT_AUTH);
    });

    it('once, and ignores what comes behind', () => {
      const policy = new Policy();
      policy.answers = [REJECT_NOT_UNIQUE, '#bob#dmn1'];
      const handshake = new ServerHandshake(policy);
      handshake.push(REQUEST);
      const later = [handshake.push(CHOICE), handshake.push(REQUEST)];
      expect(later).to.deep.equal([
        { kind: 'more', write: null },
        { kind: 'more', write: null },
      ]);
      expect([policy.reserved.length, handshake.reserved]).to.deep.equal([1, '']);
    });
  });

  describe('methods', () => {
    it('run in the order of the slots, then those required, each once', () => {
      const policy = new Policy(['NULL', 'IP', 'PWORD'], ['NULL', 'IP', 'PWORD']);
      talk(policy, REQUEST, encodeMethodChoice(['IP', 'NULL']));
      expect(policy.asked).to.deep.equal(['IP', 'NULL', 'PWORD']);
    });

    it('run all, also behind one that fails', () => {
      const policy = new Policy(['NULL', 'IP'], ['EXTRA']);
      policy.failing = ['NULL'];
      const { end } = talk(policy, REQUEST, encodeMethodChoice(['NULL', 'IP']));
      expect([policy.asked, end]).to.deep.equal([['NULL', 'IP', 'EXTRA'], REJECT_AUTH]);
    });

    it('may be named twice', () => {
      const policy = new Policy();
      expect(talk(policy, REQUEST, encodeMethodChoice(['NULL', 'NULL'])).end).to.equal('#bob#dmn1');
      expect(policy.asked).to.deep.equal(['NULL']);
    });

    it('may fill all three slots', () => {
      const three = ['NULL', 'IP', 'NULL'];
      expect(talk(new Policy(['NULL', 'IP']), REQUEST, encodeMethodChoice(three)).end).to.equal('#bob#dmn1');
    });

    it('that are required run for everybody, listed or not', () => {
      const policy = new Policy(['NULL'], ['IP']);
      policy.failing = ['IP'];
      expect(talk(policy, REQUEST, CHOICE)).to.deep.include({ written: LIST + NO_AUTH, end: REJECT_AUTH });
    });

    it('are listed as they are allowed', () => {
      const { written } = talk(new Policy(['NULL', 'IP']), REQUEST);
      expect(Buffer.from(written, 'hex').toString('latin1')).to.equal('\x08NULL IP ');
    });
  });

  describe('old clients', () => {
    for (const minor of [1, 12, 14]) {
      it(`of 3.${minor} get an accept with two version bytes at once`, () => {
        const policy = new Policy();
        policy.answers = ['#old#d'];
        expect(talk(policy, old(minor))).to.deep.equal({
          written: '01050006236f6c642364',
          end: '#old#d',
          rest: '',
        });
      });
    }

    it('of 3.15 get an accept with three version bytes at once', () => {
      const policy = new Policy();
      policy.answers = ['#old#d'];
      expect(talk(policy, old(15)).written).to.equal('0105000106236f6c642364');
    });

    it('of 3.16 get the list first', () => {
      expect(talk(new Policy(), old(16)).written).to.equal(LIST);
    });

    it('may send frames with their request', () => {
      const { end, rest } = talk(new Policy(), Buffer.concat([old(12), Buffer.from('frames')]));
      expect([end, rest]).to.deep.equal(['#bob#dmn1', Buffer.from('frames').toString('hex')]);
    });

    it('run the IP check when IP is allowed, and not NULL', () => {
      const policy = new Policy(['NULL', 'IP']);
      policy.failing = ['IP'];
      expect(talk(policy, old(12))).to.deep.include({ written: NO_AUTH, end: REJECT_AUTH });
      expect(policy.asked).to.deep.equal(['IP']);
    });

    it('are let in when the IP check passes', () => {
      expect(talk(new Policy(['IP']), old(12)).end).to.equal('#bob#dmn1');
    });

    it('are refused when neither is allowed', () => {
      for (const allowed of [[], ['PWORD']]) {
        const { written, end } = talk(new Policy(allowed), old(12));
        expect([written, end]).to.deep.equal([NO_AUTH, REJECT_AUTH]);
      }
    });

    it('do not get round a required method', () => {
      const policy = new Policy(['NULL'], ['IP']);
      policy.failing = ['IP'];
      expect(talk(policy, old(12)).end).to.equal(REJECT_AUTH);
    });
  });

  describe('reserved name', () => {
    it('is none before the request', () => {
      expect(new ServerHandshake(new Policy()).reserved).to.equal('');
    });

    it('is known while the choice is awaited', () => {
      const handshake = new ServerHandshake(new Policy());
      handshake.push(REQUEST);
      expect(handshake.reserved).to.equal('#bob#dmn1');
    });

    it('is known after a refusal, so that it can be given back', () => {
      const handshake = new ServerHandshake(new Policy());
      handshake.push(REQUEST);
      handshake.push(encodeMethodChoice(['FOO']));
      expect(handshake.reserved).to.equal('#bob#dmn1');
    });

    it('is none when it was refused itself', () => {
      const policy = new Policy();
      policy.answers = [REJECT_NOT_UNIQUE];
      const handshake = new ServerHandshake(policy);
      handshake.push(REQUEST);
      expect(handshake.reserved).to.equal('');
    });
  });

  it('is over after the accept', () => {
    const handshake = new ServerHandshake(new Policy());
    handshake.push(Buffer.concat([REQUEST, CHOICE]));
    expect(() => handshake.push(CHOICE)).to.throw('the handshake is over');
  });
});
