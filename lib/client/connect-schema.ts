/** What `connect` takes, checked. Loaded with the first connect, as `lib/mailbox/connect-schema.ts` is. */
import { z } from 'zod';
import { errorOf } from '../errors.js';
import { silenceTimeoutSchema, tlsSchema } from '../mailbox/connect-schema.js';
import { ILLEGAL_PARAM } from '../wire/codes.js';
import { passwordFault, USER_BYTES } from '../wire/handshake/authentication.js';
import { isByteText } from '../wire/name.js';
import { parsedOptions } from '../util/option-errors.js';
import { signalOption, timeOption } from '../util/option-schemas.js';
import type { ConnectOptions } from './options.js';

const connectOptions = z.strictObject({
  address: z.string().default(''),
  name: z.string().default(''),
  timeoutMs: timeOption.default(0),
  silenceTimeoutMs: silenceTimeoutSchema.optional(),
  auth: z
    .strictObject({
      user: z.string().min(1).max(USER_BYTES).refine(isByteText),
      password: z.string().check(({ value, issues }) => {
        const message = passwordFault(value);
        if (message !== null) issues.push({ code: 'custom', message, input: '***' });
      }),
    })
    .optional(),
  tls: tlsSchema.optional(),
  signal: signalOption,
});

/** @throws IllegalParamError that says which option is wrong */
export const checkedConnectOptions = (options: ConnectOptions): z.infer<typeof connectOptions> =>
  parsedOptions(connectOptions, options, (text) => errorOf(ILLEGAL_PARAM, text));
