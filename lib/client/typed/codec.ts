/** How values travel. */
import type { Buffer } from '#buffer';
import { MAX_JSON_DEPTH, parseJson } from '../../util/json-depth.js';
import { aFunction, integerFrom } from '../../util/option-checks.js';
import type { Body } from '../send.js';

/** How values become bodies of messages, and back. All members of a group use the same. */
export interface Codec<Value = unknown> {
  /** The type of messages that carry values, -32768 to 32767; default 0. Messages of other types are left alone. */
  readonly type?: number | undefined;
  /** Default: JSON. What it throws becomes an InvalidValueError of the sender. */
  readonly encode?: ((value: Value) => Body) | undefined;
  /**
   * The value in a body, which the schema then reads; default: JSON of at most 500 levels. It must leave the body as it is. What it
   * throws becomes an issue. Given with `encode`, or not at all.
   */
  readonly decode?: ((body: Buffer) => unknown) | undefined;
}

/** A codec with all its parts. */
export interface WholeCodec {
  readonly type: number;
  readonly encode: (value: unknown) => Body;
  readonly decode: (body: Buffer) => unknown;
}

export const CODEC = { type: integerFrom(-32_768, 32_767), encode: aFunction, decode: aFunction };

/** What JSON drops or changes shows when the text is read again, which happens before it is sent. */
export const JSON_CODEC: WholeCodec = {
  type: 0,
  encode: (value) => JSON.stringify(value),
  decode: (body) => parseJson(body.toString(), MAX_JSON_DEPTH),
};
