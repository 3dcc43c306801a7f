/** What a hostile member sends to a group whose messages are values: each is one event in its place, as an oracle reads it. */
import { Buffer } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { z } from 'zod';
import { DataEvent, type GroupEvent, type ViewEvent } from '../../lib/client/event.js';
import { Group, type GroupHome } from '../../lib/client/group.js';
import type { InvalidEvent } from '../../lib/client/typed/events.js';
import { typedGroup } from '../../lib/client/typed/group.js';
import { Payload } from '../../lib/client/typed/payload.js';
import { MAX_JSON_DEPTH } from '../../lib/util/json-depth.js';
import { MAX_ISSUE_TEXT, MAX_ISSUES } from '../../lib/util/schema.js';
import type { StandardSchema } from '../../lib/util/standard-schema.js';
import { bytes, damaged } from '../../spec/wire/arbitraries.js';

const TYPE = 3;

interface Tree {
  readonly name: string;
  readonly parts?: readonly Tree[] | undefined;
}

const tree: z.ZodType<Tree> = z.object({
  name: z.string().max(50),
  get parts() {
    return z.array(tree).optional();
  },
});
const record = z.record(z.string(), z.union([z.number(), z.null(), z.array(z.boolean())]));

/** Each does something else with a value. */
const schemas = {
  tree,
  record,
  anything: z.unknown(),
  changed: z.string().transform((text) => text.length),
  throwing: z.string().refine((text) => {
    if (text.length > 3) throw new Error('too long for me');
    return true;
  }),
  hostile: {
    '~standard': {
      version: 1,
      vendor: 'fuzz',
      validate: (value: unknown) => (Array.isArray(value) ? { issues: value } : value),
    },
  } as unknown as StandardSchema,
};

/** A group that hands out to a listener. */
function open(schema: StandardSchema): { deliver: (message: DataEvent) => readonly unknown[] } {
  const seen: unknown[] = [];
  const home: GroupHome = {
    send: () => Promise.resolve(),
    leave: () => Promise.resolve(),
    filled: () => undefined,
    lists: { list: () => Promise.resolve(), subjectOf: () => null },
    synchrony: null,
  };
  const payload = Payload.of({ schema, codec: { type: TYPE } });
  const first = { kind: 'view', group: 'g', id: [0, 0, 0], members: [], myIndex: 0 } as unknown as ViewEvent;
  const group = typedGroup('g', payload, home, (own) => new Group('g', first, own));
  group.on('event', (event: GroupEvent) => void seen.push(event));
  return {
    deliver: (message) => {
      seen.length = 0;
      group.deliver(message);
      return seen;
    },
  };
}

const groups = Object.entries(schemas).map(([name, schema]) => ({
  name,
  schema: schema as StandardSchema,
  open: open(schema as StandardSchema),
}));
// A listener gets what waits, the first view, in the next microtask, and what comes after that at once.
await Promise.resolve();

/** Nested lists or records, around a value. */
const nested = fc
  .tuple(fc.integer({ min: MAX_JSON_DEPTH - 3, max: MAX_JSON_DEPTH + 4 }), fc.boolean())
  .map(([depth, isList]) =>
    isList ? '['.repeat(depth) + ']'.repeat(depth) : '{"a":'.repeat(depth) + '1' + '}'.repeat(depth),
  );
const trees = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.record(
    {
      name: fc.string({ maxLength: 60 }),
      parts: fc.array(tie('tree'), { maxLength: 3, depthIdentifier: 'tree' }),
    },
    { requiredKeys: ['name'] },
  ) as fc.Arbitrary<Tree>,
})).tree;
const text = fc.oneof(
  { weight: 3, arbitrary: trees.map((value) => JSON.stringify(value)) },
  { weight: 3, arbitrary: fc.json({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.string({ maxLength: 10 }).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: nested },
);
const body = fc.oneof(
  { weight: 1, arbitrary: bytes(400) },
  { weight: 3, arbitrary: text.map((each) => Buffer.from(each)) },
  { weight: 3, arbitrary: damaged(text.map((each) => Buffer.from(each))) },
);

function depthOf(value: unknown): number {
  let depth = 0;
  for (let level = [value]; ; depth++) {
    const inner = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
    if (level.every((each) => typeof each !== 'object' || each === null)) return depth;
    level = inner;
  }
}

/** What zod itself says of the body; null: nothing is valid. */
function oracle(schema: StandardSchema, bytesOfBody: Buffer): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(bytesOfBody.toString());
    if (depthOf(value) > MAX_JSON_DEPTH) return null;
    const read = (schema as unknown as z.ZodType).safeParse(value);
    return read.success ? { value: read.data } : null;
  } catch {
    return null;
  }
}

const check = (isRight: boolean, what: string, ...seen: unknown[]): void => {
  if (!isRight) throw new Error(`${what}: ${seen.map(String).join(' ')}`);
};

const isBounded = ({ issues }: InvalidEvent): boolean =>
  issues.length <= MAX_ISSUES && issues.every(({ message }) => message.length <= MAX_ISSUE_TEXT);

export const typedProperties: Readonly<Record<string, fc.IProperty<[...unknown[]]>>> = {
  'values in a group': fc.property(body, fc.constantFrom(TYPE, TYPE, TYPE, 0), (bytesOfBody, type) => {
    const before = Buffer.from(bytesOfBody);
    for (const { name, schema, open: group } of groups) {
      const message = new DataEvent('#z#d1', ['g'], bytesOfBody, type, 'agreed', false, false);
      const events = group.deliver(message);
      check(events.length === 1, `${name}: one event`, events.length);
      const [event] = events as [DataEvent | InvalidEvent];
      check(before.equals(bytesOfBody), `${name}: the body stays as it was`);
      if (type !== TYPE) {
        check(event === message, `${name}: another type is handed out as it is`);
        continue;
      }
      check(event.sender === '#z#d1' && event.body === bytesOfBody, `${name}: sender and body`);
      check(event.kind !== 'invalid' || isBounded(event), `${name}: the issues are bounded`);
      if (name === 'hostile') continue;
      const expected = oracle(schema, bytesOfBody);
      check(
        (event.kind === 'data') === (expected !== null),
        `${name}: valid or not`,
        event.kind,
        bytesOfBody,
      );
      const value = 'value' in event ? event.value : undefined;
      check(expected === null || isDeepStrictEqual(value, expected.value), `${name}: the value`, value);
    }
  }),
};
