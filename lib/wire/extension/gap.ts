/** GAP: continuity of a group is lost; something is or may be missing at this place. */
import type { Buffer } from '#buffer';
import { Kind, encodeExtension, fieldWriter, numberOf, readData, readGroupField, wordOf } from './frame.js';

/** Why something is or may be missing, in the order of their numbers from 1. */
export const GAP_REASONS = [
  'diverged',
  'overrun',
  'parted',
  'restarted',
  'forgotten',
  'plain',
  'not-permitted',
  'key',
  'slow',
] as const;
/** One of `GAP_REASONS`. */
export type GapReason = (typeof GAP_REASONS)[number];

/** A frame GAP. */
export interface Gap {
  /** Name of the group. */
  readonly group: string;
  /** Why. */
  readonly reason: GapReason;
  /** Data messages that are missing; null when nobody knows. */
  readonly missed: number | null;
  /** Time since the loss. */
  readonly awayMs: number;
}

const UNKNOWN = 0xffffffff;

export const encodeGap = ({ group, reason, missed, awayMs }: Gap): Buffer =>
  encodeExtension(
    Kind.GAP,
    group,
    fieldWriter(12)
      .u32(numberOf(GAP_REASONS, reason))
      .u32(missed ?? UNKNOWN)
      .u32(awayMs)
      .finish(),
  );

/** Reads the frame GAP. @throws FrameFault */
export const readGap = (bytes: Buffer, start: number, end: number): Gap => ({
  group: readGroupField('GAP', bytes, start),
  ...readData('GAP', bytes, start, end, (reader) => {
    const reason = wordOf('a reason', GAP_REASONS, reader.u8());
    reader.raw(3);
    const missed = reader.u32();
    return { reason, missed: missed === UNKNOWN ? null : missed, awayMs: reader.u32() };
  }),
});
