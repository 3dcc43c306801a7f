/** A bug that is planted for one run of the simulator, and taken out again. */
import { huntFrom } from '../../support/seeds.js';
import { type Choice, generate } from '../generate.js';
import { run } from '../run.js';

export interface Bug {
  readonly name: string;
  /** A world that shows it, where those before it do not: see `huntFrom`. */
  readonly seed?: number;
  /** Worlds that provoke it. */
  readonly choice: Choice;
  /** Plants it. @returns what takes it out */
  plant(): () => void;
}

type Method = (this: never, ...args: never[]) => unknown;

/** Puts another method in the place of one, private ones included. */
export function replace(
  of: { readonly prototype: object },
  method: string,
  make: (
    original: (self: object, ...args: unknown[]) => unknown,
  ) => (self: object, ...args: unknown[]) => unknown,
): () => void {
  const { prototype } = of;
  const before = Object.getOwnPropertyDescriptor(prototype, method);
  if (!before) throw new Error(`no ${method} to plant a bug in`);
  const isGetter = 'get' in before && before.get !== undefined;
  const original = Reflect.get(before, isGetter ? 'get' : 'value') as Method;
  const changed = make((self, ...args) => Reflect.apply(original, self, args));
  // A bug planted for parameters that have since moved would change nothing, and only the hunt would show it.
  if (!isGetter && changed.length > original.length + 1)
    throw new Error(`${method} takes ${original.length} arguments, the planted one ${changed.length - 1}`);
  function planted(this: object, ...args: unknown[]): unknown {
    return changed(this, ...args);
  }
  Object.defineProperty(prototype, method, {
    configurable: true,
    ...(isGetter ? { get: planted } : { value: planted, writable: true }),
  });
  return () => void Object.defineProperty(prototype, method, before);
}

export interface Catch {
  readonly seed: number;
  readonly seeds: number;
  readonly property: string;
  readonly text: string;
}

/** Runs seeds until one shows the bug. */
export function hunt(bug: Bug, limit: number): Catch | null {
  const from = huntFrom(bug.seed);
  const { choice } = bug;
  const remove = bug.plant();
  try {
    for (let seeds = 1; seeds <= limit; seeds++) {
      const seed = from + seeds - 1;
      const [first] = run(generate(seed, choice)).violations;
      if (first) return { seed, seeds, ...first };
    }
    return null;
  } finally {
    remove();
  }
}
