import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { IllegalStateError } from '../../../lib/errors.js';
import { CONNECTION_CLOSED, REJECT_AUTH, REJECT_VERSION } from '../../../lib/wire/codes.js';
import {
  type Authenticator,
  encodeMethodChoice,
  encodeMethodList,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
} from '../../../lib/wire/handshake/authentication.js';
import { ClientHandshake } from '../../../lib/wire/handshake/client-handshake.js';
import { inPieces } from '../handshake-pair.js';

const LIST = encodeMethodList(['NULL']);
const ACCEPT = Buffer.from('010500010b23616c69636523646d6e31', 'hex');
const CHOICE = encodeMethodChoice(['NULL']).toString('hex');
const GOOD = Buffer.from([1]);

const password = passwordAuthenticator('spuser', 'secret');
const CREDENTIALS = password.credentials?.toString('hex') ?? '';

interface Options {
  readonly priority?: number;
  readonly authenticators?: readonly Authenticator[];
}

const start = (options: Options = {}): ClientHandshake =>
  new ClientHandshake({ name: 'alice', membership: true, priority: 0, ...options });

/** Written bytes, one entry a step, and the end: the private group, the code, or null. */
function talk(options: Options, ...pieces: readonly Buffer[]) {
  const handshake = start(options);
  const written: string[] = [];
  for (const piece of pieces) {
    const step = handshake.push(piece);
    if (step.kind === 'refused') return { written, end: step.code };
    if (step.write !== null) written.push(step.write.toString('hex'));
    if (step.kind === 'accepted') return { written, end: step.accept.privateGroup };
  }
  return { written, end: null };
}

const bytes = (...values: number[]): Buffer => Buffer.from(values);

describe('wire: client handshake', () => {
  it('begins with the request of 5.0.1', () => {
    expect(start().request().toString('hex')).to.equal('0500010105616c696365');
  });

  it('chooses NULL when it is offered', () => {
    expect(talk({}, LIST)).to.deep.equal({ written: [CHOICE], end: null });
  });

  it('ends with the private group', () => {
    expect(talk({}, LIST, ACCEPT)).to.deep.equal({ written: [CHOICE], end: '#alice#dmn1' });
  });

  it('gives version, private group and the bytes behind', () => {
    const handshake = start();
    handshake.push(LIST);
    expect(handshake.push(Buffer.concat([ACCEPT, Buffer.from('frames')]))).to.deep.equal({
      kind: 'accepted',
      write: null,
      accept: { version: { major: 5, minor: 0, patch: 1 }, privateGroup: '#alice#dmn1' },
      welcome: null,
      rest: Buffer.from('frames'),
    });
  });

  it('takes bytes one by one', () => {
    expect(talk({}, ...inPieces(Buffer.concat([LIST, ACCEPT]), 1))).to.deep.equal({
      written: [CHOICE],
      end: '#alice#dmn1',
    });
  });

  it('says and answers the same at every split', () => {
    const whole = Buffer.concat([LIST, ACCEPT, Buffer.from('rest')]);
    for (let cut = 0; cut <= whole.length; cut++) {
      const { written, end } = talk({}, whole.subarray(0, cut), whole.subarray(cut));
      expect([written.join(''), end], `cut at ${cut}`).to.deep.equal([CHOICE, '#alice#dmn1']);
    }
  });

  it('writes nothing twice', () => {
    const handshake = start();
    const steps = [LIST, Buffer.alloc(0), ACCEPT.subarray(0, 3)].map((piece) => handshake.push(piece));
    expect(steps.map((step) => step.kind === 'more' && step.write !== null)).to.deep.equal([
      true,
      false,
      false,
    ]);
  });

  it('is not disturbed by an accept that did not wait for the choice', () => {
    const step = start().push(Buffer.concat([LIST, ACCEPT]));
    expect(step.kind).to.equal('accepted');
    expect(step)
      .to.have.property('write')
      .that.deep.equals(encodeMethodChoice(['NULL']));
  });

  it('is not disturbed by a refusal that did not wait for the choice', () => {
    expect(start().push(Buffer.concat([LIST, bytes(0xf7)]))).to.deep.equal({
      kind: 'refused',
      code: REJECT_AUTH,
    });
  });

  describe('methods', () => {
    it('are all chosen, in order', () => {
      const { written } = talk(
        { authenticators: [ipAuthenticator, nullAuthenticator] },
        encodeMethodList(['NULL', 'IP']),
      );
      expect(written).to.deep.equal([encodeMethodChoice(['IP', 'NULL']).toString('hex')]);
    });

    it('that are not offered refuse the connection without a word', () => {
      expect(talk({ authenticators: [ipAuthenticator] }, LIST)).to.deep.equal({
        written: [],
        end: REJECT_AUTH,
      });
    });

    it('must all be offered', () => {
      const authenticators = [nullAuthenticator, ipAuthenticator];
      expect(talk({ authenticators }, LIST)).to.deep.equal({ written: [], end: REJECT_AUTH });
    });

    it('must be words of the list, not parts of one', () => {
      expect(talk({}, encodeMethodList(['XNULL', 'NULLX']))).to.deep.equal({ written: [], end: REJECT_AUTH });
    });
  });

  describe('odd replies', () => {
    for (const code of [-1, -3, -5, -6, -7, -9, -128]) {
      it(`with a first byte ${code} give that number`, () => {
        expect(talk({}, bytes(code & 0xff))).to.deep.equal({ written: [], end: code });
      });
    }

    it('with an empty list give -9', () => {
      expect(talk({}, bytes(0))).to.deep.equal({ written: [], end: REJECT_AUTH });
    });

    it('with an empty list of which only the code is missing still give -9', () => {
      const handshake = start();
      expect(handshake.push(bytes(0))).to.deep.equal({ kind: 'refused', code: REJECT_AUTH });
      expect(handshake.push(bytes(0xf7))).to.deep.equal({ kind: 'more', write: null });
    });

    it('with a list of 91 bytes give -8 at once', () => {
      expect(talk({}, bytes(91))).to.deep.equal({ written: [], end: CONNECTION_CLOSED });
    });

    it('with a list of 90 bytes are none', () => {
      const list = Buffer.concat([bytes(90), Buffer.from(`${'x'.repeat(84)} NULL `.padStart(90))]);
      expect(talk({}, list, ACCEPT).end).to.equal('#alice#dmn1');
    });

    for (const [byte, code] of [
      [0, 0],
      [2, 2],
      [127, 127],
      [128, -128],
      [0xf7, -9],
    ] as const) {
      it(`with an accept byte ${byte} give ${code}, alone or with more bytes`, () => {
        expect(talk({}, LIST, bytes(byte)).end).to.equal(code);
        expect(talk({}, LIST, Buffer.concat([bytes(byte), ACCEPT.subarray(1)])).end).to.equal(code);
      });
    }

    it('that break off give -8 wherever they do', () => {
      const handshake = start();
      const codes = inPieces(Buffer.concat([LIST, ACCEPT]).subarray(0, -1), 1).map((piece) => {
        handshake.push(piece);
        return handshake.end();
      });
      expect(new Set(codes)).to.deep.equal(new Set([CONNECTION_CLOSED]));
    });

    for (const [what, accept, end] of [
      ['a private group of 0 bytes', bytes(1, 5, 0, 1, 0), ''],
      ['a private group of 32 bytes', bytes(1, 5, 0, 1, 32), CONNECTION_CLOSED],
      ['a private group of 128 bytes', bytes(1, 5, 0, 1, 128), CONNECTION_CLOSED],
      ['a version byte of 128', bytes(1, 5, 128, 1, 0), CONNECTION_CLOSED],
      ['a daemon 2.9', bytes(1, 2, 9, 0, 0), REJECT_VERSION],
      ['a daemon 3.0', bytes(1, 3, 0, 0, 0), ''],
    ] as const) {
      it(`with ${what} give ${end === '' ? 'a connection' : end}`, () => {
        expect(talk({}, LIST, accept).end).to.equal(end);
      });
    }

    it('with a daemon 3.7 give -7 to a client with priority', () => {
      expect(talk({ priority: 1 }, LIST, bytes(1, 3, 7, 9, 0)).end).to.equal(REJECT_VERSION);
    });

    it('with a daemon 3.8 give a connection to a client with priority', () => {
      expect(talk({ priority: 1 }, LIST, bytes(1, 3, 8, 0, 0)).end).to.equal('');
    });
  });

  describe('password', () => {
    const offer = encodeMethodList(['NULL', 'PWORD']);
    const choice = encodeMethodChoice(['PWORD']).toString('hex');

    it('goes out in the segment of the choice', () => {
      expect(talk({ authenticators: [password] }, offer)).to.deep.equal({
        written: [choice + CREDENTIALS],
        end: null,
      });
    });

    it('that is good is followed by the accept', () => {
      expect(talk({ authenticators: [password] }, offer, GOOD, ACCEPT).end).to.equal('#alice#dmn1');
    });

    it('that is good may have the accept in the same segment', () => {
      const { end } = talk({ authenticators: [password] }, offer, Buffer.concat([GOOD, ACCEPT]));
      expect(end).to.equal('#alice#dmn1');
    });

    for (const [what, answer] of [
      ['bad', bytes(0, 0xf7)],
      ['bad, the code still to come', bytes(0)],
      ['refused without a result', bytes(0xf7)],
      ['answered with nonsense', bytes(2)],
    ] as const) {
      it(`that is ${what} gives -9`, () => {
        expect(talk({ authenticators: [password] }, offer, answer).end).to.equal(REJECT_AUTH);
      });
    }

    it('behind NULL goes out with the choice all the same', () => {
      const { written } = talk({ authenticators: [nullAuthenticator, password] }, offer);
      expect(written).to.deep.equal([encodeMethodChoice(['NULL', 'PWORD']).toString('hex') + CREDENTIALS]);
    });

    it('of a second method waits for the answer to the first', () => {
      const second: Authenticator = { method: 'SECOND', credentials: Buffer.from('again') };
      const authenticators = [password, second];
      const list = encodeMethodList(['PWORD', 'SECOND']);
      expect(talk({ authenticators }, list, Buffer.alloc(0), GOOD, GOOD, ACCEPT)).to.deep.equal({
        written: [
          encodeMethodChoice(['PWORD', 'SECOND']).toString('hex') + CREDENTIALS,
          Buffer.from('again').toString('hex'),
        ],
        end: '#alice#dmn1',
      });
    });
  });

  it('is over after the accept', () => {
    const handshake = start();
    handshake.push(LIST);
    handshake.push(ACCEPT);
    expect(() => handshake.push(LIST)).to.throw(IllegalStateError, 'the handshake is over');
  });
});
