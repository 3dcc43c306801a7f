/** Values of recipes that a schema checks: what is sent, and what others have sent. */
import { InvalidValueError } from '../client/typed/errors.js';
import { aSchema, type Validation, validated } from '../util/schema.js';
import type { StandardSchema } from '../util/standard-schema.js';
import { checkOptions, jsonText } from './options.js';

/**
 * The JSON of a value, checked as its receivers will check it: what JSON drops or changes shows here.
 * @param what names it in the error
 * @throws IllegalParamError for what JSON cannot represent, InvalidValueError for what the schema does not accept
 */
export function validText(schema: StandardSchema | undefined, value: unknown, what: string): string {
  const text = jsonText(value, what);
  if (schema !== undefined) check(schema, JSON.parse(text), what);
  return text;
}

/** @throws InvalidValueError */
export function check(schema: StandardSchema, value: unknown, what: string): void {
  const read = validated(schema, value);
  if (!read.isValid) throw new InvalidValueError(read.issues, what);
}

/** Values of others, each object among them read once. Without a schema they are what they are. */
export class SchemaReader<Output> {
  private readonly known = new WeakMap<object, Validation<Output>>();

  constructor(private readonly schema: StandardSchema<unknown, Output> | undefined) {}

  /** @param key an object that stands for the value, where the value itself is none */
  read(value: unknown, key: unknown = value): Validation<Output> {
    const { schema, known } = this;
    if (schema === undefined) return { isValid: true, value: value as Output };
    if (typeof key !== 'object' || key === null) return validated(schema, value);
    const before = known.get(key);
    if (before) return before;
    const read = validated(schema, value);
    known.set(key, read);
    return read;
  }
}

/** Both for one schema: of presence, which loads this only where it has one. */
export class SchemaValues<Output> {
  private readonly reader: SchemaReader<Output>;

  /** @throws IllegalParamError for what is not a schema, or not a synchronous one */
  constructor(private readonly schema: StandardSchema<unknown, Output>) {
    checkOptions({ schema: aSchema }, { schema });
    this.reader = new SchemaReader(schema);
  }

  /** @see validText */
  text(value: unknown, what: string): string {
    return validText(this.schema, value, what);
  }

  /** @see SchemaReader.read */
  read(value: unknown, key: object): Validation<Output> {
    return this.reader.read(value, key);
  }
}
