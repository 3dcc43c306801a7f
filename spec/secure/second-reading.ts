/**
 * The formats of secure groups once more, written from the document alone and without any code of lib/secure: it computes
 * every positive value of the vectors from the texts that their keys are hashes of, with node:crypto and nothing else.
 */
import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
} from 'node:crypto';
import { type KeyObject, sign } from 'node:crypto';

type Json = Readonly<Record<string, unknown>>;

const sha = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const seeded = (text: string): Buffer => sha(Buffer.from(text, 'ascii'));
const mac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer => {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
};

/** RFC 5869, by hand: extract and expand. */
function hkdf(ikm: Uint8Array, salt: Uint8Array | null, info: Uint8Array, length: number): Buffer {
  const prk = mac(salt ?? Buffer.alloc(32), ikm);
  const blocks: Buffer[] = [];
  for (let last: Buffer = Buffer.alloc(0), i = 1; 32 * blocks.length < length; i++) {
    last = mac(prk, last, info, Buffer.of(i));
    blocks.push(last);
  }
  return Buffer.concat(blocks).subarray(0, length);
}

function gcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

const der = (type: number, seed: Buffer): KeyObject => {
  const head = Buffer.from([0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, type, 4, 0x22, 4, 0x20]);
  return createPrivateKey({ key: Buffer.concat([head, seed]), format: 'der', type: 'pkcs8' });
};
const edKey = (seed: Buffer): KeyObject => der(0x70, seed);
const xKey = (seed: Buffer): KeyObject => der(0x6e, seed);
const publicOf = (key: KeyObject): Buffer =>
  Buffer.from(createPublicKey(key).export({ format: 'jwk' }).x ?? '', 'base64url');

const u8 = (value: number): Buffer => Buffer.of(value);
const u16 = (value: number): Buffer => Buffer.of(value & 0xff, value >> 8);
function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
}
function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
const str = (text: string): Buffer => Buffer.concat([u16(text.length), Buffer.from(text, 'latin1')]);
const lab = (text: string): Buffer =>
  Buffer.concat([Buffer.from(`ssp-secure/1 ${text}`, 'ascii'), Buffer.of(0)]);

interface Replay {
  readonly group: string;
  readonly gid: readonly number[];
  readonly members: readonly string[];
  readonly mode: 0 | 1;
  readonly epoch: number;
}

interface Sealed {
  readonly viewSecret: Buffer;
  readonly id: Buffer;
}

/** Compares what it computes with the vectors, value by value. */
export class SecondReading {
  readonly differences: string[] = [];
  compared = 0;
  private readonly identities: readonly KeyObject[];
  private readonly previousKey = seeded('previous');

  constructor(private readonly vectors: Json) {
    this.identities = [0, 1, 2].map((i) => edKey(seeded(`id ${i}`)));
  }

  read(): this {
    const { vectors } = this;
    this.same('P', this.previousKey, vectors['P']);
    const label = vectors['label'] as Json;
    this.same('label', lab(label['name'] as string), label['hex']);
    for (const [i, person] of (vectors['identities'] as Json[]).entries()) {
      this.same(`identity ${i}, seed`, seeded(`id ${i}`), person['seed']);
      this.same(`identity ${i}, public`, publicOf(this.identities[i] as KeyObject), person['public']);
    }
    const certificate = this.certificate(vectors['certificates'] as Json);
    const bob = Buffer.from('cert-bob', 'ascii');
    this.epoch('group mode', vectors['groupMode'] as Json, 0, 'eph', 'secret', bob);
    this.epoch('epoch 1', vectors['epoch1'] as Json, 0, 'eph1', 'secret of epoch 1', Buffer.alloc(0));
    this.epoch('member mode', vectors['memberMode'] as Json, 1, 'eph', 'secret of member mode', certificate);
    return this;
  }

  private same(what: string, computed: Buffer, given: unknown): void {
    this.compared++;
    if (computed.toString('hex') !== given) this.differences.push(what);
  }

  /** u8 1, identity, user name, group, not after, signature of the authority. */
  private certificate(part: Json): Buffer {
    const authority = edKey(seeded('authority'));
    this.same('authority', publicOf(authority), part['authorityPublic']);
    const right = (part['cases'] as Json[])[0] as Json;
    const given = Buffer.from(right['hex'] as string, 'hex');
    const notAfter = given.readBigUInt64LE(given.length - 72);
    const body = Buffer.concat([
      u8(1),
      publicOf(this.identities[1] as KeyObject),
      str('bob'),
      str('g'),
      u64(Number(notAfter)),
    ]);
    const signed = Buffer.concat([body, sign(null, Buffer.concat([lab('certificate'), body]), authority)]);
    this.same('certificate', signed, right['hex']);
    return signed;
  }

  private epoch(
    name: string,
    part: Json,
    mode: 0 | 1,
    ephemeralText: string,
    secretText: string,
    credential: Buffer,
  ): void {
    const { vectors } = this;
    const members = vectors['members'] as string[];
    const replay: Replay = {
      group: vectors['group'] as string,
      gid: vectors['gid'] as number[],
      members,
      mode,
      epoch: part['epoch'] as number,
    };
    const context = sha(
      lab('context'),
      u8(1),
      u8(mode),
      str(replay.group),
      ...replay.gid.map(u32),
      u32(replay.epoch),
      u16(members.length),
      ...members.map(str),
    );
    this.same(`${name}, context`, context, part['context']);
    const ephemerals = members.map((_, i) => xKey(seeded(`${ephemeralText} ${i}`)));
    const viewKeys = members.map((_, i) => edKey(seeded(`view ${i}`)));
    const shares = (part['shares'] as Json[]).map((given, i) => {
      const share = this.share(
        `${name}, share ${i}`,
        given,
        replay,
        context,
        i,
        ephemerals[i] as KeyObject,
        viewKeys[i] as KeyObject,
        credential,
      );
      return share;
    });
    const seal = (what: string, given: Json, text: string): Sealed =>
      this.seal(`${name}, ${what}`, given, replay, context, shares, ephemerals, seeded(text));
    const sealed = seal('seal', part['seal'] as Json, secretText);
    if (part['sealWithoutBob']) seal('seal without bob', part['sealWithoutBob'] as Json, 'secret of cyd');
    for (const given of part['data'] as Json[]) this.data(name, given, replay, sealed, viewKeys);
    for (const given of (part['exports'] as Json[] | undefined) ?? []) {
      const length = given['length'] as number;
      const text = Buffer.from(given['label'] as string, 'utf8');
      const info = Buffer.concat([lab('export'), u16(length), u16(text.length), text]);
      const key = hkdf(sealed.viewSecret, null, info, length);
      const isHashed = given['hex'] === undefined;
      this.same(
        `${name}, export of ${length}`,
        isHashed ? sha(key) : key,
        given[isHashed ? 'sha256' : 'hex'],
      );
    }
  }

  private share(
    what: string,
    given: Json,
    replay: Replay,
    context: Buffer,
    i: number,
    ephemeral: KeyObject,
    viewKey: KeyObject,
    credentialOfBob: Buffer,
  ): Buffer {
    const name = replay.members[i] as string;
    const sent = given['sent'] as number;
    const credential = name === '#bob#d1' ? credentialOfBob : Buffer.alloc(0);
    // cyd has just come, and in a later epoch nobody proves anything.
    const hasPast = replay.epoch === 0 && name !== '#cyd#d2';
    const previous = hasPast
      ? mac(this.previousKey, lab('previous'), context, str(name), u64(sent)).subarray(0, 16)
      : Buffer.alloc(16);
    this.same(`${what}, previous`, previous, given['previous']);
    if (replay.mode === 1) this.same(`${what}, view key`, publicOf(viewKey), given['viewKey']);
    const identity = this.identities[i] as KeyObject;
    const body = Buffer.concat([
      Buffer.of(1, 1, 1, replay.mode),
      u32(replay.epoch),
      publicOf(ephemeral),
      publicOf(identity),
      replay.mode === 1 ? publicOf(viewKey) : Buffer.alloc(0),
      u64(sent),
      previous,
      u16(credential.length),
      credential,
    ]);
    const signature = sign(null, Buffer.concat([lab('share'), context, str(name), body]), identity);
    const share = Buffer.concat([body, signature]);
    this.same(what, share, given['hex']);
    this.same(`${what}, hash`, sha(share), given['hash']);
    return share;
  }

  private seal(
    what: string,
    given: Json,
    replay: Replay,
    context: Buffer,
    shares: readonly Buffer[],
    ephemerals: readonly KeyObject[],
    secret: Buffer,
  ): Sealed {
    const sealer = given['sealer'] as string;
    const insiders = given['insiders'] as string[];
    const places = insiders.map((name) => replay.members.indexOf(name));
    const listed = places.map((i) => Buffer.concat([u16(i), sha(shares[i] as Buffer)]));
    const transcript = sha(lab('transcript'), context, u16(listed.length), ...listed);
    const viewSecret = hkdf(secret, transcript, lab('view'), 32);
    const check = mac(hkdf(viewSecret, null, lab('check'), 32), transcript);
    const id = sha(lab('id'), transcript, check);
    this.same(`${what}, secret`, secret, given['secret']);
    this.same(`${what}, transcript`, transcript, given['transcript']);
    this.same(`${what}, view secret`, viewSecret, given['viewSecret']);
    this.same(`${what}, check`, check, given['check']);
    this.same(`${what}, id`, id, given['id']);
    const from = replay.members.indexOf(sealer);
    const boxes = places.map((to) => {
      const name = replay.members[to] as string;
      const publicKey = createPublicKey(ephemerals[to] as KeyObject);
      const shared = diffieHellman({ privateKey: ephemerals[from] as KeyObject, publicKey });
      const key = hkdf(shared, transcript, Buffer.concat([lab('seal'), str(sealer), str(name), check]), 32);
      this.same(`${what}, dh with ${name}`, shared, (given['dh'] as Json)[name]);
      this.same(`${what}, box key of ${name}`, key, (given['boxKeys'] as Json)[name]);
      return Buffer.concat([u16(to), gcm(key, Buffer.alloc(12), transcript, secret)]);
    });
    const now = given['now'] as number;
    const body = Buffer.concat([
      Buffer.of(1, 2, 1, 0),
      u32(replay.epoch),
      u64(now),
      transcript,
      check,
      u16(boxes.length),
      ...boxes,
    ]);
    const signed = Buffer.concat([lab('seal-signature'), context, str(sealer), body]);
    this.same(
      what,
      Buffer.concat([body, sign(null, signed, this.identities[from] as KeyObject)]),
      given['hex'],
    );
    return { viewSecret, id };
  }

  private data(
    name: string,
    given: Json,
    replay: Replay,
    { viewSecret, id }: Sealed,
    viewKeys: readonly KeyObject[],
  ): void {
    const what = `${name}, ${given['what'] as string}`;
    const sender = given['sender'] as string;
    const stream = given['stream'] as number;
    const flags = replay.mode + (given['control'] === true ? 2 : 0);
    const counter = u64(given['counter'] as number);
    const header = Buffer.concat([Buffer.of(1, 3, stream, flags), u32(replay.epoch), counter]);
    const key = hkdf(viewSecret, null, Buffer.concat([lab('data'), u8(stream), str(sender)]), 32);
    const nonce = Buffer.concat([Buffer.alloc(4), counter]);
    const receivers = given['receivers'] as string[];
    const aad = Buffer.concat([
      lab('aad'),
      id,
      str(sender),
      u32(given['service'] as number),
      u16(receivers.length),
      ...receivers.map(str),
      header,
    ]);
    const type = Buffer.alloc(2);
    type.writeInt16LE(given['type'] as number);
    let plain = Buffer.concat([type, Buffer.from(given['body'] as string, 'hex')]);
    if (replay.mode === 1) {
      const viewKey = viewKeys[replay.members.indexOf(sender)] as KeyObject;
      plain = Buffer.concat([plain, sign(null, Buffer.concat([lab('message'), aad, plain]), viewKey)]);
    }
    this.same(`${what}: key`, key, given['key']);
    this.same(`${what}: nonce`, nonce, given['nonce']);
    this.same(`${what}: aad`, aad, given['aad']);
    this.same(what, Buffer.concat([header, gcm(key, nonce, aad, plain)]), given['hex']);
  }
}
