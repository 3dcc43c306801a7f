/**
 * One agreement on a key: the SHAREs of a flush view and epoch, the SEAL that this member makes of them, and the test
 * whether the SEAL of another one decides. It judges; what follows from its answers is the business of the machine.
 */
import { Buffer } from 'node:buffer';
import {
  boxKey,
  contextOf,
  previousProof,
  type Scope,
  transcriptOf,
  type ViewKeys,
  viewKeys,
} from './context.js';
import { isSoundPoint, KEY_BYTES, PREVIOUS_BYTES } from './limits.js';
import { encodeSeal, encodeShare, isSealSigned, isShareSigned, type Seal, type Share } from './messages.js';
import { isSame, type Pair, type Provider, wipe } from './provider.js';
import type { ShareFault } from './reasons.js';

/** The only nonce of a box key: each key seals one secret. */
const BOX_NONCE = Buffer.alloc(12);

/** What the application, its list or its authority says of a member. */
export interface Authorization {
  readonly isAllowed: boolean;
  /** Last second in which it holds; Infinity without a certificate. */
  readonly notAfter: number;
}

/** The last secure view that was shown here, as far as it is proved to others. */
export interface PreviousEpoch {
  /** `previousKey` of its last epoch. */
  readonly key: Uint8Array;
  /** Messages that this member sent to the group in that epoch. */
  readonly sent: bigint;
}

export interface AgreementOptions {
  readonly scope: Scope;
  readonly self: string;
  readonly identity: Pair;
  readonly credential: Uint8Array;
  /** Null without one, and in later epochs. */
  readonly previous: PreviousEpoch | null;
  /** In a later epoch: the identity of each insider of the epoch before. */
  readonly insiders: ReadonlyMap<string, Uint8Array> | null;
}

interface Kept {
  readonly share: Share;
  readonly hash: Uint8Array;
  /** Result of X25519 with its ephemeral; zeros after `close`. */
  readonly shared: Uint8Array;
  /** Null while the answer is out. */
  authorization: Authorization | null;
}

/** Why a SEAL does not decide. */
export type SealFault =
  'epoch' | 'sealer' | 'shares' | 'insiders' | 'transcript' | 'signature' | 'unauthorized';

export type OpenTest =
  | { readonly kind: 'passes'; readonly insiders: readonly string[] }
  /** It would, if these were authorised. */
  | { readonly kind: 'waits'; readonly pending: readonly string[] }
  | {
      readonly kind: 'fails';
      readonly reason: SealFault;
      /** Whose share is good and not authorised here, when nothing else is wrong. */
      readonly unauthorized: readonly string[];
      readonly insiders: readonly string[];
    };

const ALWAYS: Authorization = { isAllowed: true, notAfter: Infinity };

export class Agreement {
  readonly context: Uint8Array;
  /** This member's own SHARE. */
  readonly ownShare: Uint8Array;
  /** Signs messages in member mode. */
  readonly viewPair: Pair | null;
  hasSealed = false;
  private ephemeral: Pair | null;
  private readonly shares = new Map<string, Kept>();
  private readonly indices: ReadonlyMap<string, number>;

  constructor(
    private readonly provider: Provider,
    private readonly options: AgreementOptions,
  ) {
    const { scope, self, identity, credential, previous } = options;
    this.context = contextOf(provider, scope);
    this.indices = new Map(scope.members.map((name, index) => [name, index]));
    this.ephemeral = provider.ephemeral();
    this.viewPair = scope.mode === 'member' ? provider.signer() : null;
    this.ownShare = encodeShare(provider, identity, this.context, self, {
      epoch: scope.epoch,
      ephemeral: provider.publicKey(this.ephemeral),
      identity: provider.publicKey(identity),
      viewKey: this.viewPair && provider.publicKey(this.viewPair),
      sent: previous?.sent ?? 0n,
      previous: previous
        ? previousProof(provider, previous.key, this.context, self, previous.sent)
        : new Uint8Array(PREVIOUS_BYTES),
      credential,
    });
  }

  get epoch(): number {
    return this.options.scope.epoch;
  }

  /** Who must share: in a later epoch the insiders, else all members. In the order of the view. */
  get expected(): readonly string[] {
    const { scope, insiders } = this.options;
    return insiders ? scope.members.filter((name) => insiders.has(name)) : scope.members;
  }

  shareOf(name: string): Share | null {
    return this.shares.get(name)?.share ?? null;
  }

  /** Identities of members that have shared. */
  identities(names: readonly string[]): Map<string, Uint8Array> {
    const found = new Map<string, Uint8Array>();
    for (const name of names) {
      const share = this.shareOf(name);
      if (share) found.set(name, share.identity);
    }
    return found;
  }

  /** Takes a SHARE that has the right form. @returns null for a good one, which is never replaced */
  take(sender: string, share: Share): ShareFault | null {
    const { provider } = this;
    const fault = this.faultOf(sender, share);
    if (fault) return fault;
    const shared = this.ephemeral && provider.dh(this.ephemeral, share.ephemeral);
    if (!shared) return 'key';
    const isOwn = sender === this.options.self;
    // The signature of an old SHARE of one's own is good, too.
    if (isOwn ? !isSame(share.bytes, this.ownShare) : !isShareSigned(provider, this.context, sender, share)) {
      wipe(shared);
      return 'signature';
    }
    const authorization = isOwn || this.options.insiders ? ALWAYS : null;
    this.shares.set(sender, { share, shared, hash: provider.hash(share.bytes), authorization });
    return null;
  }

  private faultOf(sender: string, share: Share): ShareFault | null {
    const { scope, insiders } = this.options;
    if (share.epoch !== scope.epoch) return 'epoch';
    if (!this.indices.has(sender)) return 'stranger';
    const known = insiders?.get(sender);
    if (insiders && !(known && isSame(known, share.identity))) return 'stranger';
    const isSound = isSoundPoint(share.identity) && (!share.viewKey || isSoundPoint(share.viewKey));
    return isSound ? null : 'key';
  }

  /** The application's word on a member whose SHARE is good. */
  authorize(sender: string, authorization: Authorization): void {
    const kept = this.shares.get(sender);
    if (kept && !kept.authorization) kept.authorization = authorization;
  }

  /** The answers on these count no more: what is out is a no. */
  deny(names: readonly string[]): void {
    for (const name of names) this.authorize(name, { isAllowed: false, notAfter: Infinity });
  }

  /** Why the SHARE of a member is not kept at that time, in seconds; null for a kept one, and before any has come. */
  reasonAgainst(name: string, at: number): ShareFault | null {
    const authorization = this.shares.get(name)?.authorization;
    if (authorization === undefined) return null;
    if (authorization === null) return 'pending';
    if (!authorization.isAllowed) return 'unauthorized';
    return authorization.notAfter < at ? 'expired' : null;
  }

  isKept(name: string, at: number): boolean {
    return this.shares.has(name) && this.reasonAgainst(name, at) === null;
  }

  /** Members whose SHARE is kept at that time, in the order of the view. */
  kept(at: number): string[] {
    return this.expected.filter((name) => this.isKept(name, at));
  }

  /** A SEAL for these members. Its secret is forgotten at once: the own box holds it, too. */
  seal(insiders: readonly string[], now: number): Uint8Array {
    const { provider } = this;
    const { scope, self, identity } = this.options;
    this.hasSealed = true;
    const transcript = this.transcript(insiders);
    const secret = provider.random(KEY_BYTES);
    const { check, viewSecret } = viewKeys(provider, secret, transcript);
    wipe(viewSecret);
    const boxes = insiders.map((insider) => {
      const { shared } = this.shares.get(insider) as Kept;
      const key = boxKey(provider, shared, transcript, check, { sealer: self, insider });
      const box = provider.seal(key, BOX_NONCE, transcript, secret);
      wipe(key);
      return { index: this.indices.get(insider) as number, box };
    });
    wipe(secret);
    const fields = { epoch: scope.epoch, now: BigInt(now), transcript, check, boxes };
    return encodeSeal(provider, identity, this.context, self, fields);
  }

  /** [secure-groups SG-6a]. Whether this SEAL decides. The answer is the same at all members whose authorisations are the same. */
  test(sender: string, seal: Seal): OpenTest {
    const { scope, insiders: required } = this.options;
    const insiders = seal.boxes.map(({ index }) => scope.members[index] as string);
    const fails = (reason: SealFault, unauthorized: readonly string[] = []): OpenTest => ({
      kind: 'fails',
      reason,
      unauthorized,
      insiders,
    });
    if (seal.epoch !== scope.epoch) return fails('epoch');
    if (!insiders.includes(sender)) return fails('sealer');
    if (required && !(insiders.length === required.size && insiders.every((name) => required.has(name))))
      return fails('insiders');
    if (!insiders.every((name) => this.shares.has(name))) return fails('shares');
    if (!isSame(seal.transcript, this.transcript(insiders))) return fails('transcript');
    const { share } = this.shares.get(sender) as Kept;
    if (!isSealSigned(this.provider, this.context, sender, share.identity, seal)) return fails('signature');
    const reasons = insiders.map((name) => [name, this.reasonAgainst(name, Number(seal.now))] as const);
    const pending = reasons.filter(([, reason]) => reason === 'pending').map(([name]) => name);
    const unauthorized = reasons.filter(([, reason]) => reason !== null && reason !== 'pending');
    if (unauthorized.length > 0)
      return fails(
        'unauthorized',
        unauthorized.map(([name]) => name),
      );
    return pending.length > 0 ? { kind: 'waits', pending } : { kind: 'passes', insiders };
  }

  /** The keys in the box of this member; null when it does not open, or holds another secret than the check says. */
  open(sender: string, seal: Seal): ViewKeys | null {
    const { provider } = this;
    const { self } = this.options;
    const own = seal.boxes.find(({ index }) => index === this.indices.get(self));
    const shared = this.shares.get(sender)?.shared;
    if (!own || !shared || !this.ephemeral) return null;
    const names = { sealer: sender, insider: self };
    const key = boxKey(provider, shared, seal.transcript, seal.check, names);
    const secret = provider.open(key, BOX_NONCE, seal.transcript, own.box);
    wipe(key);
    if (!secret) return null;
    const keys = viewKeys(provider, secret, seal.transcript);
    wipe(secret);
    if (isSame(keys.check, seal.check)) return keys;
    wipe(keys.viewSecret);
    return null;
  }

  /** Forgets what could open a SEAL. The SHAREs stay. */
  close(): void {
    this.ephemeral = null;
    for (const { shared } of this.shares.values()) wipe(shared);
  }

  private transcript(insiders: readonly string[]): Uint8Array {
    const list = insiders.map((name) => ({
      index: this.indices.get(name) as number,
      hash: (this.shares.get(name) as Kept).hash,
    }));
    return transcriptOf(this.provider, this.context, list);
  }
}
