/** A body that can be checked: a message's id with a checksum over everything. */
import { Buffer } from 'node:buffer';
import { crc32 } from 'node:zlib';

const CRC_BYTES = 4;

/** @param filler bytes behind the id */
export function bodyOf(id: string, filler: number): Buffer {
  const name = Buffer.from(id, 'latin1');
  const body = Buffer.alloc(CRC_BYTES + 1 + name.length + filler, id);
  body[CRC_BYTES] = name.length;
  name.copy(body, CRC_BYTES + 1);
  body.writeUInt32LE(crc32(body.subarray(CRC_BYTES)), 0);
  return body;
}

/** The id, or null for a body that has changed on its way. */
export function idIn(body: Buffer): string | null {
  if (body.length <= CRC_BYTES || body.readUInt32LE(0) !== crc32(body.subarray(CRC_BYTES))) return null;
  return body.toString('latin1', CRC_BYTES + 1, CRC_BYTES + 1 + (body[CRC_BYTES] as number));
}
