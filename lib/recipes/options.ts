/** What the recipes take, checked once at the door. */
import { z } from 'zod';
import { errorOf } from '../errors.js';
import { noOptions, optionFault, unknownOption } from '../group/option-fault.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';

/** What those take who wait for something. */
export interface WaitOptions {
  /** Gives up. */
  readonly signal?: AbortSignal | undefined;
}

export const signalOption = z.instanceof(AbortSignal, { error: 'is no AbortSignal' }).optional();
export const quorumOption = z.int().min(1).optional();
export const silenceTimeoutOption = z.number().min(1).optional();

/** @throws IllegalParamError that says which option is wrong */
export function checkedOptions<T>(schema: z.ZodType<T>, options: unknown): T {
  const result = schema.safeParse(options);
  if (!result.success) throw errorOf(ILLEGAL_PARAM, optionFault(schema, result.error));
  return result.data;
}

/** By hand, as it is done for each command. @throws IllegalParamError */
export function signalOf(options: WaitOptions): AbortSignal | undefined {
  if (typeof options !== 'object' || options === null) throw errorOf(ILLEGAL_PARAM, noOptions(['signal']));
  if (options instanceof AbortSignal) throw errorOf(ILLEGAL_PARAM, 'a signal is given as `{ signal }`');
  for (const key in options)
    if (key !== 'signal') throw errorOf(ILLEGAL_PARAM, unknownOption([key], ['signal']));
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw errorOf(ILLEGAL_PARAM, 'signal is no AbortSignal');
  return signal;
}

/** The given options without those that are undefined, so that defaults stand. */
export const given = <T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
