/**
 * What is on the wire of a secure group: on the links of the clients and on the ring of Corosync, which is not encrypted
 * here, nothing of what its members say, and none of their keys.
 */
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import type { Group } from '../../lib/client/group.js';
import type { SecureGroup } from '../../lib/client/secure-group.js';
import { generateIdentity, type Identity, importPublicKey } from '../../lib/secure/identity.js';
import { skipWithoutCapture, whyNoCluster } from '../support/cluster/available.js';
import { Capture, type Link } from '../support/cluster/capture.js';
import { eventually } from '../support/wait.js';
import { ClusterClients, LIMIT } from './cluster-clients.js';
import { freshRig } from './shared.js';

const NODES = [1, 2, 3];
const LINKS: readonly Link[] = ['m0', 'e0'];
const MODES = ['group', 'member'] as const;

/** Something that is nowhere else. */
const marker = (what: string): string => `${what}-${randomBytes(12).toString('hex')}`;

/** The 32 bytes of a private key. */
const secretOf = ({ privateKey }: Identity): Buffer =>
  privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);

/** A text or key in each form in which it might be on the wire. */
const formsOf = (secret: string | Uint8Array): (string | Buffer)[] => {
  const bytes = Buffer.from(secret);
  const wide = typeof secret === 'string' ? [Buffer.from(secret, 'utf16le')] : [];
  return [bytes, bytes.toString('hex'), bytes.toString('base64').slice(0, -4), ...wide];
};

function texts(group: Group): string[] {
  const heard: string[] = [];
  group.on('data', ({ text }) => heard.push(text));
  return heard;
}

describe('what is on the wire of a secure group', function () {
  this.timeout(60_000);
  let company: ClusterClients;
  const captures: Capture[] = [];

  before(skipWithoutCapture);

  beforeEach(async () => {
    if (whyNoCluster() === null) company = await ClusterClients.gather(await freshRig());
  });

  afterEach(async () => {
    for (const capture of captures.splice(0)) await capture.stop();
    if (whyNoCluster() === null) await company[Symbol.asyncDispose]();
  });

  it('is neither a word of it nor a key, where a plain group shows all', async () => {
    const { cluster } = company.rig;
    expect(cluster.settings.crypto, 'the ring is encrypted').to.equal(false);
    for (const node of NODES.slice(0, 2).map((number) => cluster.node(number)))
      for (const link of LINKS) captures.push(await Capture.start(node, link));

    const open = { word: marker('plain'), end: marker('end') };
    const plain = await company.all((connection) => connection.join('open'));
    const heardInClear = plain.map(texts);
    await plain[0].send(open.word);

    const identities = NODES.map(() => generateIdentity());
    const secrets: (string | Uint8Array)[] = identities.map(secretOf);
    for (const authenticity of MODES) {
      const groups = await joinAll(company, `vault-${authenticity}`, identities, authenticity);
      const heard = groups.map(texts);
      const words = ['first', 'of the next epoch', 'to some'].map(marker);
      secrets.push(...words, groups[0].exportKey('check', 32));
      await groups[0].send(words[0] as string);
      await groups[1].confirmed();
      await groups[1].rekey();
      secrets.push(groups[1].exportKey('check', 32));
      await groups[1].send(words[1] as string);
      await groups[2].sendToMembers([...groups[2].members], words[2] as string);
      const haveAll = (): boolean => heard.every((list) => words.every((word) => list.includes(word)));
      await eventually(haveAll, 'all words at all members', LIMIT);
    }

    // What comes last is in the records: so is what was before it.
    await plain[0].send(open.end);
    await eventually(() => heardInClear.every((list) => list.includes(open.end)), 'the end', LIMIT);
    for (const capture of captures) await capture.seen(open.end);
    for (const capture of captures) {
      expect(capture.holds(open.word), `${open.word} on ${capture.name}`).to.equal(true);
      // The traffic of the secure groups is there as well: identities are no secret.
      for (const { publicKey } of identities)
        expect(capture.holds(importPublicKey(publicKey)), `an identity on ${capture.name}`).to.equal(true);
      for (const secret of secrets)
        for (const form of formsOf(secret))
          expect(capture.holds(form), `${form.toString('hex')} on ${capture.name}`).to.equal(false);
    }
  });
});

/** Resolves when all are in one secure view. */
async function joinAll(
  company: ClusterClients,
  name: string,
  identities: readonly Identity[],
  authenticity: (typeof MODES)[number],
): Promise<[SecureGroup, SecureGroup, SecureGroup]> {
  const allow = identities.map(({ publicKey }) => ({ identity: publicKey, name: 'x' }));
  const groups = await company.all((connection, node) =>
    connection.join(name, {
      secure: { identity: identities[node - 1] as Identity, allow, authenticity },
    }),
  );
  await eventually(
    () => groups.every(({ members }) => members.length === identities.length),
    'one view',
    LIMIT,
  );
  return groups;
}
