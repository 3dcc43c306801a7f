/**
 * Standard Schema, version 1: the interface that schema libraries (zod 4, Valibot, ArkType) share. These are its types, written
 * from the specification at https://standardschema.dev; there is nothing of it to load.
 */

/** One thing that is wrong with a value. */
export interface SchemaIssue {
  /** What is wrong, in the words of the schema library. */
  readonly message: string;
  /** Where in the value, from the outside in: keys, or objects with a key. None: the value as a whole. */
  readonly path?: readonly (PropertyKey | SchemaPathStep)[] | undefined;
}

/** A step of a path that says more than its key. */
export interface SchemaPathStep {
  /** The key, or the place in a list. */
  readonly key: PropertyKey;
}

/** One thing that is wrong with a value, as the toolkit hands it out. */
export interface ValueIssue {
  /** What is wrong, in the words of the schema library or of what was thrown; at most 1000 characters. */
  readonly message: string;
  /** Where in the value, from the outside in; empty for the value as a whole. */
  readonly path: readonly PropertyKey[];
}

/** What a schema answers: the value as it reads it, or what is wrong. */
export type SchemaAnswer<Output> =
  | {
      /** What the schema makes of the value. */
      readonly value: Output;
      /** There are none. */
      readonly issues?: undefined;
    }
  | {
      /** What is wrong. */
      readonly issues: readonly SchemaIssue[];
    };

/**
 * A schema of any library that keeps to the standard. `Input` is what it reads, as the sender writes it; `Output` is what it makes of
 * that, as receivers get it.
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  /** What the standard asks of a library. */
  readonly '~standard': {
    /** Of the standard. */
    readonly version: 1;
    /** Name of the library. */
    readonly vendor: string;
    /** Reads a value. The toolkit takes no promise. */
    readonly validate: (value: unknown) => SchemaAnswer<Output> | Promise<SchemaAnswer<Output>>;
    /** For the compiler; never there when a program runs. */
    readonly types?:
      | {
          /** What the schema reads. */
          readonly input: Input;
          /** What it gives. */
          readonly output: Output;
        }
      | undefined;
  };
}

/** What a schema reads: the type of what is sent. */
export type InputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['input'];
/** What a schema gives: the type of what is received. */
export type OutputOf<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output'];
