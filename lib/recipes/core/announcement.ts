/** What a member of a presence says of itself, as bytes: to the group, or to one member that has asked. */
import { Buffer } from '#buffer';
import { type BodyReader, BodyWriter, readBody } from './codec.js';
import { MAX_DATE, MAX_KEY_BYTES, MAX_METADATA_BYTES } from './limits.js';
import { INTRODUCTION } from './private-kinds.js';

/** To the group. To one member it is an introduction. */
export const ANNOUNCEMENT = 1;

/** Tag: its connection comes back. */
const COMES_BACK = 1;
const KEY = 2;
/** Tag: others may introduce themselves to it alone. */
const TAKES_PRIVATE = 3;

export interface Announcement {
  /** The number of its process. */
  readonly instance: number;
  /** Milliseconds since 1970 by its own clock: when it began to take part. */
  readonly since: number;
  readonly metadata: Buffer;
  readonly comesBack: boolean;
  /** Whose connection it says that it is; null: it says nothing. */
  readonly key: string | null;
  /** Whether others may introduce themselves to it alone: members of earlier versions hear of others with the group only. */
  readonly takesPrivate: boolean;
}

/** Whether a member may say that it is this person's. */
export const isKey = (key: string): boolean => key !== '' && Buffer.byteLength(key) <= MAX_KEY_BYTES;

export function writeAnnouncement(
  kind: number,
  { instance, since, metadata, comesBack, key }: Omit<Announcement, 'takesPrivate'>,
): Buffer {
  const writer = new BodyWriter('members', kind).number(instance).number(since).data(metadata);
  if (comesBack) writer.tagged(COMES_BACK, () => undefined);
  if (key !== null) writer.tagged(KEY, (field) => void field.text(key));
  return writer.tagged(TAKES_PRIVATE, () => undefined).finish();
}

function read(reader: BodyReader) {
  let comesBack = false;
  let key = null as string | null;
  let takesPrivate = false;
  const fixed = {
    kind: reader.kind,
    instance: reader.number(),
    since: reader.number(),
    metadata: reader.data(),
  };
  reader.allTagged({
    [COMES_BACK]: () => (comesBack = true),
    [KEY]: (field) => (key = field.text()),
    [TAKES_PRIVATE]: () => (takesPrivate = true),
  });
  return { ...fixed, comesBack, key, takesPrivate };
}

/** Null when it is damaged, or a field is out of its bounds. The metadata shares the memory of the body. */
export function readAnnouncement(body: Buffer): (Announcement & { readonly kind: number }) | null {
  const it = readBody('members', body, read);
  return it &&
    (it.kind === ANNOUNCEMENT || it.kind === INTRODUCTION) &&
    it.since <= MAX_DATE &&
    it.metadata.length <= MAX_METADATA_BYTES &&
    (it.key === null || isKey(it.key))
    ? it
    : null;
}
