/** One session in bytes: alice at dmn1, who moves to dmn2. */
import { Buffer } from 'node:buffer';
import type { Position } from '../../../lib/wire/extension/position.js';

/** Hexadecimal digits, blanks between them. */
export const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');

export const SID = 0x1122334455667788n;
export const VIEW_TAG = 0xa1a2a3a4a5a6a7a8n;
export const HISTORY_HASH = 0xb1b2b3b4b5b6b7b8n;

/** 00 01 .. 1f */
export const KEY = Buffer.from(Array.from({ length: 32 }, (_, i) => i));

export const TOKEN =
  '04030201 8877665544332211 60930a6b 05616c696365 04646d6e31 e3b0c44298fc1c14 0f6d9a4b136e6edd2ea1dec21a0c9359';

export const POSITION = 'a8a7a6a5a4a3a2a1 280000000000 2a0000000000 b8b7b6b5b4b3b2b1 03000000 b4000000';

export const position: Position = {
  tag: VIEW_TAG,
  from: 40,
  to: 42,
  hash: HISTORY_HASH,
  events: 3,
  awayMs: 180,
};

/** The fields of a header around 32 bytes of name. */
export const frameHex = (
  name: string,
  kind: number,
  dataLength: number,
  data = '',
  type = '80001080',
): string => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(dataLength);
  const kindHex = kind.toString(16).padStart(2, '0');
  return `${type} ${name.replaceAll(' ', '').padEnd(64, '0')} 00000000 80${kindHex}0080 ${length.toString('hex')} ${data}`;
};

export const text = (value: string): string => Buffer.from(value, 'latin1').toString('hex');
