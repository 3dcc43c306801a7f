/** What the recipes take, checked once at the door. */
import { z } from 'zod';
import { errorOf } from '../errors.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';

export const signalOption = z.instanceof(AbortSignal).optional();
export const quorumOption = z.int().min(1).optional();
export const patienceOption = z.number().min(1).optional();

/** @throws IllegalParamError that says which option is wrong */
export function checkedOptions<T>(schema: z.ZodType<T>, options: unknown): T {
  const result = schema.safeParse(options);
  if (!result.success) throw errorOf(ILLEGAL_PARAM, z.prettifyError(result.error));
  return result.data;
}

/** The given options without those that are undefined, so that defaults stand. */
export const given = <T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
