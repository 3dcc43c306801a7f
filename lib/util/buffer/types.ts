/**
 * What `#buffer` is to the compiler: Node's Buffer where the types of Node are in the program, else `Bytes`. At run time there is
 * `node.ts` or `browser.ts` in its place, and this module is never loaded.
 */
import type { Bytes } from './bytes.js';

export type Buffer = typeof globalThis extends { Buffer: { isBuffer(value: unknown): value is infer B } }
  ? B
  : Bytes;

export declare const Buffer: typeof globalThis extends { Buffer: infer C } ? C : typeof Bytes;
