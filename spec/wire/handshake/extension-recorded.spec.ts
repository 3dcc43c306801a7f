/** Both halves of the handshake say what `spec/fixtures/extension` has, byte for byte. */
import { Buffer } from 'node:buffer';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Hello } from '../../../lib/wire/extension/hello.js';
import type { Welcome } from '../../../lib/wire/extension/welcome.js';
import { nullAuthenticator, passwordAuthenticator } from '../../../lib/wire/handshake/authentication.js';
import { ClientHandshake } from '../../../lib/wire/handshake/client-handshake.js';
import { type HandshakePolicy, ServerHandshake } from '../../../lib/wire/handshake/server-handshake.js';
import { type Chunk, repositoryRoot } from '../../support/recordings.js';
import { HISTORY_HASH, SID, TOKEN, VIEW_TAG, hex, position } from '../extension/vectors.js';

interface Conversation {
  readonly id: string;
  readonly scenario: string;
  readonly traces: readonly { readonly chunks: readonly Chunk[] }[];
}

const folder = join(repositoryRoot, 'spec', 'fixtures', 'extension');
const conversations = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Conversation);

const fresh: Hello = { features: 0x1f, holdMs: 0, heartbeatMs: 2000, attempt: 0, resume: null };
const again: Hello = { ...fresh, attempt: 1, resume: { token: hex(TOKEN), position } };

const first: Welcome = {
  verdict: 'new',
  features: 4,
  sid: SID,
  stable: 0,
  holdMs: 0,
  heartbeatMs: 2000,
  windowMs: 0,
  position: { tag: 0n, index: 0, hash: 0n },
  token: Buffer.alloc(0),
  addresses: [],
};
const whole: Welcome = {
  ...first,
  verdict: 'whole',
  features: 0x1f,
  stable: 17,
  windowMs: 30_000,
  position: { tag: VIEW_TAG, index: 42, hash: HISTORY_HASH },
  token: hex(TOKEN),
  addresses: ['4803@10.0.0.1', '4803@10.0.0.2'],
};

/** What client and daemon of a conversation are. */
const casts: Readonly<
  Record<
    string,
    {
      readonly hello?: Hello;
      readonly welcome?: Welcome;
      readonly allowed?: readonly string[];
      readonly name: string | number;
    }
  >
> = {
  new: { hello: fresh, welcome: first, name: '#alice#dmn1' },
  password: { hello: fresh, welcome: first, allowed: ['PWORD'], name: '#alice#dmn1' },
  resume: { hello: again, welcome: whole, name: '#alice#dmn2' },
  'name-in-use': { hello: fresh, welcome: first, name: -6 },
  'plain-daemon': { hello: fresh, name: '#alice#dmn1' },
  'plain-client': { welcome: first, name: '#alice#dmn1' },
};

describe('the extension: recorded handshakes', () => {
  for (const { id, scenario, traces } of conversations) {
    const { chunks } = traces[0] as Conversation['traces'][number];
    const { hello, welcome, allowed = ['NULL'], name } = casts[id] as (typeof casts)[string];

    it(`${id}: the daemon. ${scenario}`, () => {
      const policy: HandshakePolicy = {
        allowed,
        required: [],
        reserve: () => name,
        passes: () => true,
        extension: welcome && { welcome: () => welcome },
      };
      const handshake = new ServerHandshake(policy);
      const said: string[] = [];
      for (const { dir, hex: bytes } of chunks) {
        if (dir === 'd2c') continue;
        let step = handshake.push(Buffer.from(bytes, 'hex'));
        const written = [step.write];
        if (step.kind === 'verify') written.push((step = handshake.verified(true)).write);
        said.push(Buffer.concat(written.map((each) => each ?? Buffer.alloc(0))).toString('hex'));
      }
      expect(said).to.deep.equal(chunks.filter(({ dir }) => dir === 'd2c').map((each) => each.hex));
    });

    it(`${id}: the client`, () => {
      const isOpen = allowed.includes('NULL');
      const authenticators = [isOpen ? nullAuthenticator : passwordAuthenticator('spuser', 'secret')];
      const client = new ClientHandshake({
        name: 'alice',
        membership: true,
        priority: 0,
        authenticators,
        hello,
      });
      const said = [client.request().toString('hex')];
      let outcome: unknown;
      for (const { dir, hex: bytes } of chunks) {
        if (dir === 'c2d') continue;
        const step = client.push(Buffer.from(bytes, 'hex'));
        if (step.kind === 'more') said.push(step.write?.toString('hex') ?? '');
        else outcome = step.kind === 'refused' ? step.code : [step.accept.privateGroup, step.welcome];
      }
      expect(said).to.deep.equal(chunks.filter(({ dir }) => dir === 'c2d').map((each) => each.hex));
      const agreed = hello && welcome ? welcome : null;
      expect(outcome).to.deep.equal(typeof name === 'number' ? name : [name, agreed]);
    });
  }
});
