import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { IllegalStateError } from '../../../lib/errors.js';
import {
  REJECT_AUTH,
  REJECT_ILLEGAL_NAME,
  REJECT_NOT_UNIQUE,
  REJECT_QUOTA,
  REJECT_VERSION,
} from '../../../lib/wire/codes.js';
import {
  type Credentials,
  encodeMethodChoice,
  passwordAuthenticator,
} from '../../../lib/wire/handshake/authentication.js';
import type { ConnectRequest } from '../../../lib/wire/handshake/connect-request.js';
import { type HandshakePolicy, ServerHandshake } from '../../../lib/wire/handshake/server-handshake.js';
import { inPieces } from '../handshake-pair.js';

const REQUEST = Buffer.from('0500010103626f62', 'hex');
const CHOICE = encodeMethodChoice(['NULL']);
const CREDENTIALS = passwordAuthenticator('spuser', 'secret').credentials as Buffer;
const LIST = '054e554c4c20';
const ACCEPT = '010500010923626f6223646d6e31';
const NO_AUTH = 'f7';

/** A policy that notes what it is asked. */
class Policy implements HandshakePolicy {
  readonly asked: string[] = [];
  readonly reserved: ConnectRequest[] = [];
  readonly checked: Credentials[] = [];
  failing: readonly string[] = [];
  passwordIsGood = true;
  /** Answers of `reserve`, the last one for good. */
  answers: (string | number | null)[] = ['#bob#dmn1'];

  constructor(
    readonly allowed: readonly string[] = ['NULL'],
    readonly required: readonly string[] = [],
  ) {}

  reserve(request: ConnectRequest): string | number | null {
    this.reserved.push(request);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    return answer === undefined ? '' : answer;
  }

  verify(credentials: Credentials): boolean {
    this.checked.push(credentials);
    return this.passwordIsGood;
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
function talk(policy: Policy, ...pieces: readonly Buffer[]): Talk {
  const handshake = new ServerHandshake(policy);
  let written = '';
  for (const [i, piece] of pieces.entries()) {
    let step = handshake.push(piece);
    written += step.write?.toString('hex') ?? '';
    if (step.kind === 'verify') {
      step = handshake.verified(policy.verify(step.credentials));
      written += step.write?.toString('hex') ?? '';
    }
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
        name: 'bob',
        offers: false,
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
    expect(policy.reserved.map(({ name }) => name)).to.deep.equal(['bob']);
  });

  it('lets the policy make up a name for an empty one', () => {
    const policy = new Policy();
    policy.answers = ['#r1-2#dmn1'];
    const { end } = talk(policy, Buffer.from('0500010000', 'hex'), CHOICE);
    expect(end).to.equal('#r1-2#dmn1');
    expect(policy.reserved).to.deep.equal([
      { version: { major: 5, minor: 0, patch: 1 }, membership: false, priority: 0, name: '', offers: false },
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

    it('and keeps nothing of what comes behind', () => {
      const handshake = new ServerHandshake(new Policy([]));
      expect(handshake.push(REQUEST).kind).to.equal('rejected');
      for (let i = 0; i < 100; i++) handshake.push(Buffer.alloc(1000));
      expect((handshake as unknown as { bytes: Buffer }).bytes.length).to.be.below(1000);
    });
  });

  describe('methods', () => {
    it('run in the order of the slots, each once', () => {
      const policy = new Policy(['NULL', 'IP'], ['NULL', 'IP']);
      talk(policy, REQUEST, encodeMethodChoice(['IP', 'NULL']));
      expect(policy.asked).to.deep.equal(['IP', 'NULL']);
    });

    it('run those required behind the chosen ones, NULL before IP however they are given', () => {
      const policy = new Policy(['NULL', 'PWORD'], ['IP', 'NULL']);
      const { end } = talk(policy, REQUEST, encodeMethodChoice(['PWORD']), CREDENTIALS);
      expect([policy.asked, end]).to.deep.equal([['NULL', 'IP'], '#bob#dmn1']);
    });

    it('run all, also behind one that fails', () => {
      const policy = new Policy(['NULL'], ['IP']);
      policy.failing = ['NULL'];
      const { end } = talk(policy, REQUEST, CHOICE);
      expect([policy.asked, end]).to.deep.equal([['NULL', 'IP'], REJECT_AUTH]);
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

  describe('dialogue of PWORD', () => {
    const PWORD = encodeMethodChoice(['PWORD']);
    const PWORD_LIST = '0650574f524420';
    const BOTH_LIST = '0b4e554c4c2050574f524420';

    it('gives the credentials to the caller and says nothing before they are checked', () => {
      const handshake = new ServerHandshake(new Policy(['PWORD']));
      handshake.push(REQUEST);
      handshake.push(PWORD);
      expect(handshake.push(CREDENTIALS)).to.deep.equal({
        kind: 'verify',
        write: null,
        credentials: { user: 'spuser', password: 'secret' },
      });
    });

    it('answers good credentials with 01 and the accept, and names the user', () => {
      const handshake = new ServerHandshake(new Policy(['PWORD']));
      for (const bytes of [REQUEST, PWORD, CREDENTIALS]) handshake.push(bytes);
      const step = handshake.verified(true);
      expect(step).to.deep.include({ kind: 'accepted', privateGroup: '#bob#dmn1', user: 'spuser' });
      expect(step.write?.toString('hex')).to.equal(`01${ACCEPT}`);
    });

    it('answers wrong ones with 00 f7', () => {
      const policy = new Policy(['PWORD']);
      policy.passwordIsGood = false;
      expect(talk(policy, REQUEST, PWORD, CREDENTIALS)).to.deep.equal({
        written: `${PWORD_LIST}00${NO_AUTH}`,
        end: REJECT_AUTH,
        rest: '',
      });
    });

    it('names no user when there was none', () => {
      const handshake = new ServerHandshake(new Policy());
      handshake.push(REQUEST);
      expect(handshake.push(CHOICE)).to.deep.include({ kind: 'accepted', user: '' });
    });

    it('takes credentials in the segment of the choice', () => {
      const { written, end } = talk(
        new Policy(['PWORD']),
        REQUEST,
        Buffer.concat([PWORD, CREDENTIALS, Buffer.from('frames')]),
      );
      expect([written, end]).to.deep.equal([`${PWORD_LIST}01${ACCEPT}`, '#bob#dmn1']);
    });

    it('says the same at every split of everything in one go, and gives on the frames behind', () => {
      const bytes = Buffer.concat([REQUEST, PWORD, CREDENTIALS, Buffer.from('frames')]);
      for (let cut = 1; cut < bytes.length; cut++) {
        const said = talk(new Policy(['PWORD']), bytes.subarray(0, cut), bytes.subarray(cut));
        expect(said, `cut at ${cut}`).to.deep.equal({
          written: `${PWORD_LIST}01${ACCEPT}`,
          end: '#bob#dmn1',
          rest: Buffer.from('frames').toString('hex'),
        });
      }
    });

    it('takes bytes one by one', () => {
      const pieces = inPieces(Buffer.concat([REQUEST, PWORD, CREDENTIALS]), 1);
      expect(talk(new Policy(['PWORD']), ...pieces)).to.deep.equal({
        written: `${PWORD_LIST}01${ACCEPT}`,
        end: '#bob#dmn1',
        rest: '',
      });
    });

    it('keeps what comes while the credentials are checked', () => {
      const handshake = new ServerHandshake(new Policy(['PWORD']));
      for (const bytes of [REQUEST, PWORD, CREDENTIALS]) handshake.push(bytes);
      expect(handshake.push(Buffer.from('early'))).to.deep.equal({ kind: 'more', write: null });
      const step = handshake.verified(true);
      expect(step.kind === 'accepted' && step.rest.toString()).to.equal('early');
    });

    it('waits for the rest of the credentials without a word', () => {
      expect(talk(new Policy(['PWORD']), REQUEST, PWORD, CREDENTIALS.subarray(0, 39))).to.deep.equal({
        written: PWORD_LIST,
        end: null,
        rest: '',
      });
    });

    it('runs beside NULL in the order of the slots', () => {
      for (const chosen of [
        ['NULL', 'PWORD'],
        ['PWORD', 'NULL'],
      ]) {
        const policy = new Policy(['NULL', 'PWORD']);
        const { written, end } = talk(policy, REQUEST, encodeMethodChoice(chosen), CREDENTIALS);
        expect([written, end]).to.deep.equal([`${BOTH_LIST}01${ACCEPT}`, '#bob#dmn1']);
        expect(policy.asked).to.deep.equal(['NULL']);
      }
    });

    it('is not held when another method was chosen and PWORD is not required', () => {
      expect(talk(new Policy(['NULL', 'PWORD']), REQUEST, CHOICE)).to.deep.include({
        written: BOTH_LIST + ACCEPT,
        end: '#bob#dmn1',
      });
    });

    it('is held once when PWORD is named twice', () => {
      const policy = new Policy(['PWORD'], ['PWORD']);
      const { end, rest } = talk(
        policy,
        REQUEST,
        encodeMethodChoice(['PWORD', 'PWORD']),
        CREDENTIALS,
        CHOICE,
      );
      expect([policy.checked.length, end]).to.deep.equal([1, '#bob#dmn1']);
      expect(rest).to.equal(CHOICE.toString('hex'));
    });

    it('waits silently for the 40 bytes when PWORD is required and was not chosen', () => {
      const policy = new Policy(['NULL', 'PWORD'], ['PWORD']);
      expect(talk(policy, REQUEST, CHOICE)).to.deep.equal({ written: BOTH_LIST, end: null, rest: '' });
      expect(talk(policy, REQUEST, CHOICE, CREDENTIALS)).to.deep.equal({
        written: `${BOTH_LIST}01${ACCEPT}`,
        end: '#bob#dmn1',
        rest: '',
      });
    });

    it('is held for everybody when PWORD is required and not even listed', () => {
      expect(talk(new Policy(['NULL'], ['PWORD']), REQUEST, CHOICE, CREDENTIALS).written).to.equal(
        `${LIST}01${ACCEPT}`,
      );
    });

    it('is held also behind a method that failed, and does not make it good', () => {
      const policy = new Policy(['IP', 'PWORD']);
      policy.failing = ['IP'];
      const { written, end } = talk(policy, REQUEST, encodeMethodChoice(['IP', 'PWORD']), CREDENTIALS);
      expect([written.slice(-4), end]).to.deep.equal([`01${NO_AUTH}`, REJECT_AUTH]);
    });

    it('lets the methods behind it run also after wrong credentials', () => {
      const policy = new Policy(['PWORD'], ['IP']);
      policy.passwordIsGood = false;
      expect(talk(policy, REQUEST, PWORD, CREDENTIALS).end).to.equal(REJECT_AUTH);
      expect(policy.asked).to.deep.equal(['IP']);
    });

    it('refuses old clients, which cannot hold it, when PWORD is required', () => {
      for (const allowed of [['NULL'], ['NULL', 'IP'], ['NULL', 'PWORD']]) {
        expect(talk(new Policy(allowed, ['PWORD']), old(12))).to.deep.equal({
          written: NO_AUTH,
          end: REJECT_AUTH,
          rest: '',
        });
      }
    });

    it('takes a verdict only when one is due', () => {
      const handshake = new ServerHandshake(new Policy(['PWORD']));
      handshake.push(REQUEST);
      expect(() => handshake.verified(true)).to.throw(IllegalStateError, 'expected the step verify');
    });

    it('takes a verdict once', () => {
      const handshake = new ServerHandshake(new Policy(['PWORD'], ['PWORD']));
      for (const bytes of [REQUEST, PWORD, CREDENTIALS]) handshake.push(bytes);
      handshake.verified(false);
      expect(() => handshake.verified(true)).to.throw(IllegalStateError, 'expected the step verify');
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

  describe('of a client whose name belongs to a session that is ending', () => {
    /** The handshake after a request whose name is not free. */
    const waiting = (...answers: (string | number | null)[]): ServerHandshake => {
      const policy = new Policy();
      policy.answers = [null, ...answers];
      const handshake = new ServerHandshake(policy);
      expect(handshake.push(REQUEST)).to.deep.equal({ kind: 'name', write: null });
      return handshake;
    };

    it('continues when the name is free', () => {
      const handshake = waiting('#bob#dmn1');
      expect([handshake.awaitsName, handshake.reserved]).to.deep.equal([true, '']);
      const step = handshake.nameFreed();
      expect([step.kind, step.write?.toString('hex')]).to.deep.equal(['more', LIST]);
      expect([handshake.awaitsName, handshake.reserved]).to.deep.equal([false, '#bob#dmn1']);
      expect(handshake.push(CHOICE).kind).to.equal('accepted');
    });

    it('keeps what came behind the request', () => {
      const policy = new Policy();
      policy.answers = [null, '#bob#dmn1'];
      const handshake = new ServerHandshake(policy);
      handshake.push(Buffer.concat([REQUEST, CHOICE, Buffer.from('frames')]));
      const step = handshake.nameFreed();
      expect(step.kind === 'accepted' && step.rest.toString()).to.equal('frames');
    });

    it('waits again when it was the name of another one', () => {
      const handshake = waiting(null, '#bob#dmn1');
      expect(handshake.nameFreed()).to.deep.equal({ kind: 'name', write: null });
      expect(handshake.nameFreed().kind).to.equal('more');
    });

    it('is refused when somebody was quicker', () => {
      const step = waiting(REJECT_NOT_UNIQUE).nameFreed();
      expect(step.kind === 'rejected' && step.code).to.equal(REJECT_NOT_UNIQUE);
    });

    it('is refused when the wait takes too long', () => {
      const step = waiting('#bob#dmn1').nameKept();
      expect([step.kind === 'rejected' && step.code, step.write?.toString('hex')]).to.deep.equal([
        REJECT_NOT_UNIQUE,
        'fa',
      ]);
    });

    it('hears of free names only while it waits', () => {
      const handshake = waiting('#bob#dmn1');
      handshake.nameFreed();
      expect(() => handshake.nameFreed()).to.throw(IllegalStateError, 'expected the step name');
      expect(() => handshake.nameKept()).to.throw(IllegalStateError, 'expected the step name');
    });
  });

  it('is over after the accept', () => {
    const handshake = new ServerHandshake(new Policy());
    handshake.push(Buffer.concat([REQUEST, CHOICE]));
    expect(() => handshake.push(CHOICE)).to.throw(IllegalStateError, 'the handshake is over');
  });
});
