/** How client and daemon agree on the extension, and that nobody else sees it. */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { REJECT_AUTH, REJECT_NOT_UNIQUE } from '../../../lib/wire/codes.js';
import { type Hello, encodeHello } from '../../../lib/wire/extension/hello.js';
import { type Welcome, encodeWelcome } from '../../../lib/wire/extension/welcome.js';
import { FrameFault } from '../../../lib/wire/fault.js';
import {
  type Authenticator,
  encodeMethodChoice,
  encodeMethodList,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
} from '../../../lib/wire/handshake/authentication.js';
import { ClientHandshake } from '../../../lib/wire/handshake/client-handshake.js';
import type { ConnectRequest } from '../../../lib/wire/handshake/connect-request.js';
import type { ClientStep } from '../../../lib/wire/handshake/plain-handshake.js';
import {
  type HandshakePolicy,
  ServerHandshake,
  type ServerStep,
} from '../../../lib/wire/handshake/server-handshake.js';
import { hex } from '../extension/vectors.js';
import { cutAt, inPieces } from '../handshake-pair.js';

const hello: Hello = { features: 0x1f, holdMs: 0, heartbeatMs: 2000, attempt: 0, resume: null };
const HELLO = encodeHello(hello);
const REQUEST = hex('0500010305 616c696365');
const PLAIN_REQUEST = hex('0500010105 616c696365');
const LIST = hex('0b 4e554c4c20 535350583120');
const PLAIN_LIST = hex('05 4e554c4c20');
const CHOICE = encodeMethodChoice(['NULL', 'SSPX1']);
const ACCEPT = hex('01 050001 0b 23616c69636523646d6e32');
const password = passwordAuthenticator('spuser', 'secret');
const CREDENTIALS = password.credentials as Buffer;

const welcome: Welcome = {
  verdict: 'new',
  features: 4,
  sid: 7n,
  stable: 0,
  holdMs: 0,
  heartbeatMs: 2000,
  windowMs: 0,
  position: { tag: 0n, index: 0, hash: 0n },
  token: Buffer.alloc(0),
  addresses: [],
};
const WELCOME = encodeWelcome(welcome);

/** A daemon that offers the extension, and notes whom it asks for a name. */
class Policy implements HandshakePolicy {
  readonly reserved: (readonly [name: string, hello: Hello | null])[] = [];
  readonly welcomed: (readonly [privateGroup: string, user: string])[] = [];
  answers: (string | number | null)[] = ['#alice#dmn2'];
  passing = true;
  extension: HandshakePolicy['extension'] = {
    welcome: (_, privateGroup, user) => {
      this.welcomed.push([privateGroup, user]);
      return welcome;
    },
  };

  constructor(
    readonly allowed: readonly string[] = ['NULL'],
    readonly required: readonly string[] = [],
  ) {}

  reserve({ name }: ConnectRequest, chosen: Hello | null): string | number | null {
    this.reserved.push([name, chosen]);
    const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    return answer ?? null;
  }

  passes(): boolean {
    return this.passing;
  }
}

/** All that the daemon says to these pieces, and its last step. */
function daemonSays(policy: Policy, ...pieces: readonly Buffer[]): { said: string; last: ServerStep } {
  const handshake = new ServerHandshake(policy);
  const said: Buffer[] = [];
  let last: ServerStep = { kind: 'more', write: null };
  const take = (step: ServerStep): void => {
    last = step;
    if (step.write) said.push(step.write);
    if (step.kind === 'verify') take(handshake.verified(true));
  };
  for (const piece of pieces) take(handshake.push(piece));
  return { said: Buffer.concat(said).toString('hex'), last };
}

const all = (...parts: readonly Buffer[]): string => Buffer.concat(parts).toString('hex');

describe('wire: the extension, daemon side', () => {
  it('is listed last for a client that knows it, and agreed on before the accept', () => {
    const policy = new Policy();
    const { said, last } = daemonSays(policy, REQUEST, Buffer.concat([CHOICE, HELLO, Buffer.from('frames')]));
    expect(said).to.equal(all(LIST, WELCOME, ACCEPT));
    expect(last).to.deep.include({
      kind: 'accepted',
      extension: { hello, welcome },
      rest: Buffer.from('frames'),
    });
    expect(policy.welcomed).to.deep.equal([['#alice#dmn2', '']]);
  });

  it('is agreed on whatever the pieces', () => {
    const bytes = Buffer.concat([REQUEST, CHOICE, HELLO]);
    for (let at = 1; at < bytes.length; at++) {
      expect(daemonSays(new Policy(), ...cutAt(bytes, [at])).said).to.equal(all(LIST, WELCOME, ACCEPT));
    }
    expect(daemonSays(new Policy(), ...inPieces(bytes, 1)).said).to.equal(all(LIST, WELCOME, ACCEPT));
  });

  it('is not seen by a client that does not know it', () => {
    const policy = new Policy();
    const { said, last } = daemonSays(policy, PLAIN_REQUEST, encodeMethodChoice(['NULL']));
    expect(said).to.equal(all(PLAIN_LIST, ACCEPT));
    expect(last).to.deep.include({ kind: 'accepted', extension: null });
    expect(policy.reserved).to.deep.equal([['alice', null]]);
  });

  it('is not listed where the daemon does not offer it, nor for clients without a list', () => {
    const policy = new Policy();
    policy.extension = null;
    expect(daemonSays(policy, REQUEST, encodeMethodChoice(['NULL'])).said).to.equal(all(PLAIN_LIST, ACCEPT));
    const old = hex('030c 03 05 616c696365');
    expect(daemonSays(new Policy(), old).last).to.deep.include({ kind: 'accepted', extension: null });
  });

  it('is not listed where the list would not fit', () => {
    const long = ['a'.repeat(29), 'b'.repeat(29), 'c'.repeat(23)];
    expect(daemonSays(new Policy(long), REQUEST).said).to.equal(
      encodeMethodList([...long, 'SSPX1']).toString('hex'),
    );
    const longer = [...long.slice(0, 2), 'c'.repeat(24)];
    expect(daemonSays(new Policy(longer), REQUEST).said).to.equal(encodeMethodList(longer).toString('hex'));
  });

  it('is not listed where nothing else is, which lets nobody in', () => {
    const { said, last } = daemonSays(new Policy([]), REQUEST);
    expect(said).to.equal('00f7');
    expect(last).to.include({ kind: 'rejected', code: REJECT_AUTH });
  });

  it('lets nobody in by itself, nor where it was not offered', () => {
    const alone = daemonSays(
      new Policy(['PWORD']),
      REQUEST,
      Buffer.concat([encodeMethodChoice(['SSPX1']), HELLO]),
    );
    expect(alone.last).to.include({ kind: 'rejected', code: REJECT_AUTH });
    const unasked = daemonSays(new Policy(), PLAIN_REQUEST, Buffer.concat([CHOICE, HELLO]));
    expect(unasked.last).to.include({ kind: 'rejected', code: REJECT_AUTH });
  });

  it('comes after all methods, and does not make a failed one good', () => {
    const policy = new Policy(['PWORD', 'IP'], ['IP']);
    const choice = encodeMethodChoice(['SSPX1', 'PWORD']);
    const bytes = Buffer.concat([choice, CREDENTIALS, HELLO]);
    const list = encodeMethodList(['PWORD', 'IP', 'SSPX1']);
    expect(daemonSays(policy, REQUEST, bytes).said).to.equal(all(list, Buffer.from([1]), WELCOME, ACCEPT));
    expect(policy.welcomed).to.deep.equal([['#alice#dmn2', 'spuser']]);
    policy.passing = false;
    expect(daemonSays(policy, REQUEST, bytes).said).to.equal(all(list, Buffer.from([1]), hex('f7')));
  });

  describe('checks the name of a client that knows it', () => {
    it('after HELLO', () => {
      const policy = new Policy();
      daemonSays(policy, REQUEST, CHOICE);
      expect(policy.reserved).to.deep.equal([]);
      daemonSays(policy, REQUEST, CHOICE, HELLO);
      expect(policy.reserved).to.deep.equal([['alice', hello]]);
    });

    it('after the choice, when that leaves the extension out', () => {
      const policy = new Policy();
      const { said, last } = daemonSays(policy, REQUEST, encodeMethodChoice(['NULL']));
      expect(said).to.equal(all(LIST, ACCEPT));
      expect(last).to.deep.include({ kind: 'accepted', extension: null });
      expect(policy.reserved).to.deep.equal([['alice', null]]);
    });

    it('and refuses one that is in use in place of WELCOME', () => {
      const policy = new Policy();
      policy.answers = [REJECT_NOT_UNIQUE];
      expect(daemonSays(policy, REQUEST, CHOICE, HELLO).said).to.equal(all(LIST, hex('fa')));
      expect(daemonSays(policy, REQUEST, encodeMethodChoice(['NULL'])).said).to.equal(all(LIST, hex('fa')));
    });

    it('and waits for one that is about to be free', () => {
      const policy = new Policy();
      policy.answers = [null, '#alice#dmn2'];
      const handshake = new ServerHandshake(policy);
      handshake.push(REQUEST);
      expect(handshake.push(Buffer.concat([CHOICE, HELLO, Buffer.from('frames')]))).to.include({
        kind: 'name',
      });
      expect(handshake.awaitsName).to.equal(true);
      const step = handshake.nameFreed();
      expect(step).to.deep.include({ kind: 'accepted', rest: Buffer.from('frames') });
      expect(step.write?.toString('hex')).to.equal(all(WELCOME, ACCEPT));
    });
  });

  it('cuts off a client whose HELLO is invalid', () => {
    const handshake = new ServerHandshake(new Policy());
    handshake.push(REQUEST);
    expect(() => handshake.push(Buffer.concat([CHOICE, hex('0000')]))).to.throw(
      FrameFault,
      'HELLO: expected',
    );
    expect(handshake.reserved).to.equal('');
    expect(handshake.push(HELLO)).to.deep.equal({ kind: 'more', write: null });
  });
});

/** Everything that the client says to these pieces, each in one write, and its last step. */
function clientSays(
  authenticators: readonly Authenticator[],
  pieces: readonly Buffer[],
  wanted: Hello | undefined = hello,
): { said: string[]; last: ClientStep } {
  const client = new ClientHandshake({
    name: 'alice',
    membership: true,
    priority: 0,
    authenticators,
    hello: wanted,
  });
  const said = [client.request().toString('hex')];
  let last: ClientStep = { kind: 'more', write: null };
  for (const piece of pieces) {
    last = client.push(piece);
    if (last.kind !== 'refused' && last.write) said.push(last.write.toString('hex'));
  }
  return { said, last };
}

describe('wire: the extension, client side', () => {
  it('is offered by a bit, chosen last, and asked for in the write of the choice', () => {
    const { said, last } = clientSays([nullAuthenticator], [LIST, Buffer.concat([WELCOME, ACCEPT])]);
    expect(said).to.deep.equal([REQUEST.toString('hex'), all(CHOICE, HELLO)]);
    expect(last).to.deep.include({ kind: 'accepted', welcome });
  });

  it('is agreed on whatever the pieces', () => {
    const bytes = Buffer.concat([LIST, WELCOME, ACCEPT, Buffer.from('frames')]);
    for (let at = 1; at < bytes.length - 6; at++) {
      const { said, last } = clientSays([nullAuthenticator], cutAt(bytes.subarray(0, -6), [at]));
      expect(said).to.deep.equal([REQUEST.toString('hex'), all(CHOICE, HELLO)]);
      expect(last).to.deep.include({ kind: 'accepted', welcome });
    }
    const whole = clientSays([nullAuthenticator], [bytes]).last;
    expect(whole).to.deep.include({ kind: 'accepted', welcome, rest: Buffer.from('frames') });
  });

  it('is left out at a daemon that does not list it: the session is a plain one', () => {
    const { said, last } = clientSays([nullAuthenticator], [PLAIN_LIST, ACCEPT]);
    expect(said).to.deep.equal([REQUEST.toString('hex'), encodeMethodChoice(['NULL']).toString('hex')]);
    expect(last).to.deep.include({ kind: 'accepted', welcome: null });
  });

  it('is not offered, and not chosen, unless it is wanted', () => {
    const client = new ClientHandshake({ name: 'alice', membership: true, priority: 0 });
    expect(client.request().equals(PLAIN_REQUEST)).to.equal(true);
    const step = client.push(LIST) as { readonly write: Buffer };
    expect(step.write.equals(encodeMethodChoice(['NULL']))).to.equal(true);
    expect(client.push(ACCEPT)).to.deep.include({ kind: 'accepted', welcome: null });
  });

  it('is asked for behind the password, in the same write', () => {
    const list = encodeMethodList(['PWORD', 'SSPX1']);
    const { said, last } = clientSays([password], [list, Buffer.concat([Buffer.from([1]), WELCOME, ACCEPT])]);
    expect(said).to.deep.equal([
      REQUEST.toString('hex'),
      all(encodeMethodChoice(['PWORD', 'SSPX1']), CREDENTIALS, HELLO),
    ]);
    expect(last).to.deep.include({ kind: 'accepted', welcome });
  });

  it('is asked for behind the last of several dialogues', () => {
    const other: Authenticator = { method: 'OTHER', credentials: Buffer.from('other') };
    const list = encodeMethodList(['PWORD', 'OTHER', 'SSPX1']);
    const { said } = clientSays([password, other], [list, Buffer.from([1])]);
    expect(said.slice(1)).to.deep.equal([
      all(encodeMethodChoice(['PWORD', 'OTHER', 'SSPX1']), CREDENTIALS),
      all(Buffer.from('other'), HELLO),
    ]);
  });

  it('takes the slot of NULL among three methods, and no slot of another method', () => {
    const list = encodeMethodList(['NULL', 'IP', 'PWORD', 'SSPX1']);
    const three = clientSays([nullAuthenticator, ipAuthenticator, password], [list]).said[1];
    expect(three).to.equal(all(encodeMethodChoice(['IP', 'PWORD', 'SSPX1']), CREDENTIALS, HELLO));
    const other: Authenticator = { method: 'OTHER', credentials: null };
    const words = ['OTHER', 'IP', 'PWORD'];
    const { said, last } = clientSays(
      [other, ipAuthenticator, password],
      [encodeMethodList([...words, 'SSPX1']), Buffer.from([1]), ACCEPT],
    );
    expect(said[1]).to.equal(all(encodeMethodChoice(words), CREDENTIALS));
    expect(last).to.deep.include({ kind: 'accepted', welcome: null });
  });

  it('takes a code in the place of WELCOME', () => {
    for (const [code, byte] of [
      [-6, 'fa'],
      [-9, 'f7'],
      [-3, 'fd'],
    ] as const) {
      expect(clientSays([nullAuthenticator], [LIST, hex(byte)]).last).to.deep.equal({
        kind: 'refused',
        code,
      });
    }
  });

  it('gives up at an invalid WELCOME', () => {
    expect(clientSays([nullAuthenticator], [LIST, hex('0000')]).last).to.deep.equal({
      kind: 'refused',
      code: -8,
    });
  });

  it('can tell every WELCOME from a code by its first byte', () => {
    for (let length = 0; length < 600; length++) {
      const addresses = [
        'a'.repeat(1 + Math.min(length, 254)),
        'b'.repeat(1 + (Math.max(0, length - 254) % 255)),
      ];
      const bytes = encodeWelcome({ ...welcome, addresses });
      expect(bytes[0]).to.be.below(0xf0);
      const { last } = clientSays([nullAuthenticator], [LIST, bytes, ACCEPT]);
      expect(last).to.deep.include({ kind: 'accepted', welcome: { ...welcome, addresses } });
    }
  });
});
