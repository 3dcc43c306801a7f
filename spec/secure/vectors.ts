/** The vectors of secure groups in `spec/fixtures/vectors`, and keys by their seeds. */
import { Buffer } from 'node:buffer';
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pair } from '../../lib/secure/core/provider.js';
import { pairOf } from '../../lib/secure/node-provider.js';
import { repositoryRoot } from '../support/recordings.js';

export interface VectorShare {
  readonly sender: string;
  readonly ephemeralPrivate: string;
  readonly viewKeySeed?: string;
  readonly viewKey?: string;
  readonly sent: number;
  readonly previous: string;
  readonly credential: string;
  readonly length: number;
  readonly hash: string;
  readonly hex: string;
}

export interface VectorSeal {
  readonly sealer: string;
  readonly insiders: readonly string[];
  readonly now: number;
  readonly secret: string;
  readonly transcript: string;
  readonly viewSecret: string;
  readonly check: string;
  readonly id: string;
  readonly dh: Readonly<Record<string, string>>;
  readonly boxKeys: Readonly<Record<string, string>>;
  readonly hex: string;
}

export interface VectorData {
  readonly what: string;
  readonly sender: string;
  readonly service: number;
  readonly receivers: readonly string[];
  readonly stream: number;
  readonly counter: number;
  readonly control: boolean;
  readonly type: number;
  readonly body: string;
  readonly key: string;
  readonly nonce: string;
  readonly aad: string;
  readonly hex: string;
}

export interface VectorExport {
  readonly label: string;
  readonly length: number;
  readonly hex?: string;
  readonly sha256?: string;
}

/** What one epoch in one mode looks like. */
export interface VectorEpoch {
  readonly epoch: number;
  readonly context: string;
  readonly shares: readonly VectorShare[];
  readonly seal: VectorSeal;
  readonly sealWithoutBob?: VectorSeal;
  readonly data: readonly VectorData[];
  readonly exports?: readonly VectorExport[];
}

export interface VectorCertificate {
  readonly what: string;
  readonly group: string;
  readonly member: string;
  readonly identity: string;
  readonly now: number;
  readonly expect: boolean;
  readonly hex: string;
}

export interface NegativeFrame {
  readonly what: string;
  readonly mode: 'group' | 'member';
  readonly kind: 'SHARE' | 'SEAL' | 'DATA';
  /** The epoch that is agreed on; 0 if absent. */
  readonly epoch?: number;
  readonly sender: string;
  readonly service: number;
  readonly groups: readonly string[];
  readonly clock?: number;
  readonly after?: readonly number[];
  readonly expect: string;
  readonly hex: string;
}

export interface Vectors {
  readonly suite: number;
  readonly group: string;
  readonly gid: readonly [number, number, number];
  readonly members: readonly string[];
  readonly P: string;
  readonly identities: readonly { readonly name: string; readonly seed: string; readonly public: string }[];
  readonly label: { readonly name: string; readonly hex: string };
  readonly groupMode: VectorEpoch;
  readonly epoch1: VectorEpoch;
  readonly memberMode: VectorEpoch;
  readonly certificates: { readonly authorityPublic: string; readonly cases: readonly VectorCertificate[] };
  readonly points: {
    readonly lowOrderX25519: readonly string[];
    readonly smallOrderEd25519: readonly string[];
    readonly notBelowP: readonly string[];
  };
  readonly negative: { readonly frames: readonly NegativeFrame[] };
}

export const vectors = JSON.parse(
  readFileSync(join(repositoryRoot, 'spec/fixtures/vectors/secure-vectors.json'), 'utf8'),
) as Vectors;

export const bytesOf = (hex: string): Buffer => Buffer.from(hex, 'hex');
export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const PRIVATE_PREFIX = {
  ed25519: '302e020100300506032b657004220420',
  x25519: '302e020100300506032b656e04220420',
} as const;

/** The pair of a seed or private key of 32 bytes. */
export const pairOfSeed = (type: keyof typeof PRIVATE_PREFIX, hex: string): Pair =>
  pairOf(createPrivateKey({ key: bytesOf(PRIVATE_PREFIX[type] + hex), format: 'der', type: 'pkcs8' }));
