/** The schema and the codec of one group: from values to bodies, and from messages to values. */
import { Buffer } from '#buffer';
import { errorOf } from '../../errors.js';
import { optionFault } from '../../util/option-checks.js';
import { aSchema, invalid, textOf, type Validation, validated } from '../../util/schema.js';
import type { StandardSchema } from '../../util/standard-schema.js';
import { ILLEGAL_PARAM } from '../../wire/codes.js';
import type { DataEvent } from '../event.js';
import type { SendOptions } from '../send.js';
import { CODEC, type Codec, JSON_CODEC, type WholeCodec } from './codec.js';
import { InvalidValueError } from './errors.js';
import { InvalidEvent, type MessageEvent, ValueEvent } from './events.js';

/** What makes a group a typed one. */
export interface PayloadOptions {
  readonly schema?: unknown;
  readonly codec?: unknown;
}

const OPTIONS = { schema: aSchema, codec: CODEC };

export class Payload {
  private constructor(
    private readonly schema: StandardSchema,
    private readonly codec: WholeCodec,
  ) {}

  /** @throws IllegalParamError that says which option is wrong, also for a schema that answers with a promise */
  static of({ schema, codec }: PayloadOptions): Payload {
    const fault = optionFault({ schema, codec }, OPTIONS);
    if (fault !== null) throw errorOf(ILLEGAL_PARAM, fault);
    if (schema === undefined) throw errorOf(ILLEGAL_PARAM, 'codec requires schema');
    const { type = JSON_CODEC.type, encode, decode } = (codec ?? {}) as Codec;
    if ((encode === undefined) !== (decode === undefined))
      throw errorOf(ILLEGAL_PARAM, 'codec: encode and decode require each other');
    const coder = encode && decode ? { encode, decode } : JSON_CODEC;
    return new Payload(schema as StandardSchema, { type, encode: coder.encode, decode: coder.decode });
  }

  /** Whether both read and write alike: the same schema, and the same codec. */
  isSame({ schema, codec }: Payload): boolean {
    const { type, encode, decode } = this.codec;
    return (
      schema === this.schema && codec.type === type && codec.encode === encode && codec.decode === decode
    );
  }

  /**
   * The body for a value, checked as its receivers will check it: what the codec drops or changes shows here.
   * @throws InvalidValueError; IllegalParamError where the schema answers with a promise
   */
  encode(value: unknown): Buffer {
    const body = this.written(value);
    const read = this.read(body);
    if (read.isValid) return body;
    if (read.late === null) throw new InvalidValueError(read.issues);
    throw errorOf(ILLEGAL_PARAM, read.issues[0]?.message);
  }

  /** The options of a send, with the type of the codec. @throws IllegalParamError for another type */
  sendOptions<Options extends SendOptions>(options: Options | undefined): Options & SendOptions {
    const { type } = this.codec;
    const given = options?.type ?? type;
    if (given !== type) throw errorOf(ILLEGAL_PARAM, `type is that of the codec, ${type}, got ${given}`);
    return { ...options, type } as Options & SendOptions;
  }

  /**
   * What a message says: its value, or why it has none. One of another type is handed back as it is. Never throws.
   * @param late called where the schema has answered with a promise
   */
  parse(
    message: DataEvent,
    late: (promise: PromiseLike<unknown>) => void,
  ): MessageEvent<unknown> | InvalidEvent {
    if (message.type !== this.codec.type) return message;
    const read = this.read(message.body);
    if (read.isValid) return new ValueEvent(message, read.value);
    if (read.late !== null) late(read.late);
    return new InvalidEvent(message, read.issues);
  }

  private read(body: Buffer): Validation<unknown> {
    let value: unknown;
    try {
      value = this.codec.decode(body);
    } catch (error) {
      return invalid(`the body cannot be read: ${textOf(error)}`);
    }
    return validated(this.schema, value);
  }

  private written(value: unknown): Buffer {
    let body: unknown;
    try {
      body = this.codec.encode(value);
    } catch (cause) {
      throw new InvalidValueError(invalid(`it cannot be written: ${textOf(cause)}`).issues, undefined, {
        cause,
      });
    }
    if (typeof body === 'string') return Buffer.from(body);
    if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    throw new InvalidValueError(
      invalid(`it cannot be written: got ${typeof body}, expected text or bytes`).issues,
    );
  }
}
