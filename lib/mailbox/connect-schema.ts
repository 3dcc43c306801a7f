/** What the connect call takes, checked. Loaded with the first connect: the schema library costs more than all the rest. */
import { Buffer } from '#buffer';
import { z } from 'zod';
import { MAX_SILENCE_TIMEOUT, MIN_SILENCE_TIMEOUT } from '../silence/limits.js';
import { signalOption } from '../util/option-schemas.js';
import type { Authenticator } from '../wire/handshake/authentication.js';
import type { Lookup } from './transport.js';

const pem = z.union([z.string(), z.instanceof(Buffer)]).optional();
export const tlsSchema = z.strictObject({
  ca: pem,
  cert: pem,
  key: pem,
  servername: z.string().optional(),
});

export const silenceTimeoutSchema = z.int().min(MIN_SILENCE_TIMEOUT).max(MAX_SILENCE_TIMEOUT);

const options = z.object({
  group_membership: z.union([z.boolean(), z.number()]).transform(Boolean).optional(),
  priority: z.number().optional(),
  signal: signalOption,
  auth: z
    .array(
      z.custom<Authenticator>((value) => value !== null && typeof value === 'object' && 'method' in value),
    )
    .min(1)
    .max(3)
    .optional(),
  unixDir: z.string().optional(),
  tls: tlsSchema.optional(),
  silenceTimeoutMs: silenceTimeoutSchema.optional(),
  lookup: z.custom<Lookup>((value) => typeof value === 'function').optional(),
  queueMessages: z.int().min(1).optional(),
  queueBytes: z.int().min(1).optional(),
});

const names = z.tuple([z.string(), z.string()]);

/** @returns null when something is not what it should be */
export function checkedConnect(
  givenNames: readonly unknown[],
  given: object,
): [z.infer<typeof names>, z.infer<typeof options>] | null {
  const checkedNames = names.safeParse(givenNames);
  const checked = options.safeParse(given);
  return checkedNames.success && checked.success ? [checkedNames.data, checked.data] : null;
}
