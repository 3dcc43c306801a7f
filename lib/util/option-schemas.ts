/** Options that many calls take, for those that are checked once by a schema. The texts are those of `OptionChecks`. */
import { z } from 'zod';
import { NOT_A_COUNT, NOT_A_SIGNAL, NOT_A_TIME } from './option-checks.js';

export const signalOption = z.instanceof(AbortSignal, { error: NOT_A_SIGNAL }).optional();
export const countOption = z.int({ error: NOT_A_COUNT }).min(0, { error: NOT_A_COUNT });
export const timeOption = z.number({ error: NOT_A_TIME }).min(0, { error: NOT_A_TIME });
