/** What `connect` takes, checked. */
import { Buffer } from '#buffer';
import { errorOf } from '../errors.js';
import { addressFault, addressList } from '../mailbox/address.js';
import { SEND_HIGH_WATER } from '../mailbox/mailbox.js';
import { MAX_SILENCE_TIMEOUT, MIN_SILENCE_TIMEOUT } from '../silence/limits.js';
import { aSignal, aText, aTime, holds, integerFrom, OptionChecks } from '../util/option-checks.js';
import { ILLEGAL_PARAM, ILLEGAL_SPREAD } from '../wire/codes.js';
import { passwordFault, USER_BYTES } from '../wire/handshake/authentication.js';
import { isByteText } from '../wire/name.js';
import type { ConnectOptions } from './options.js';
import { RESUME_OPTIONS, type ResumeSettings, resumeSettings } from './resume/options.js';
import type { Place } from './resume/place.js';
import { placeOf } from './resume/targets.js';

const aPem = holds(
  (value) => typeof value === 'string' || Buffer.isBuffer(value),
  'must be a PEM text or a Buffer with one',
);
const NOT_BYTES = 'must be a number of bytes';
const NOT_A_LIST = 'must be a list of at least one address';

const OPTIONS = {
  address: aText,
  addresses: holds(
    (value) => Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string'),
    NOT_A_LIST,
  ),
  resume: holds(
    (value) => typeof value === 'boolean' || (typeof value === 'object' && value !== null),
    'must be true, false or options',
  ),
  sendHighWater: holds((value) => Number.isSafeInteger(value) && (value as number) > 0, NOT_BYTES),
  name: aText,
  timeoutMs: aTime,
  silenceTimeoutMs: integerFrom(MIN_SILENCE_TIMEOUT, MAX_SILENCE_TIMEOUT),
  auth: {
    user: holds(
      (value) => typeof value === 'string' && value !== '' && value.length <= USER_BYTES && isByteText(value),
      `must be 1 to ${USER_BYTES} characters of Latin-1`,
    ),
    password: aText,
  },
  tls: { ca: aPem, cert: aPem, key: aPem, servername: aText },
  signal: aSignal,
};

const fault = (text: string): Error => errorOf(ILLEGAL_PARAM, text);
const check: OptionChecks = new OptionChecks(fault);

/** What `connect` does with its options. */
type CheckedOptions = Omit<ConnectOptions, 'address' | 'addresses' | 'resume'> & {
  /** Of the one daemon; null where there may be several, or the connection comes back. */
  readonly address: string | null;
  readonly places: readonly Place[];
  /** Null: it does not come back. */
  readonly resume: ResumeSettings | null;
  readonly sendHighWater: number;
  readonly name: string;
  readonly timeoutMs: number;
};

/** @throws IllegalParamError that says which option is wrong, IllegalAddressError */
export function checkedConnectOptions(options: ConnectOptions): CheckedOptions {
  check.all(options, OPTIONS);
  const { address, addresses, resume: asked, auth, ...others } = options;
  if (typeof asked === 'object') check.all(asked, RESUME_OPTIONS);
  checkAuth(auth);
  if (address !== undefined && addresses !== undefined) throw fault('give either address or addresses');
  const { sendHighWater = SEND_HIGH_WATER, name = '', timeoutMs = 0 } = others;
  const rest = { ...others, auth, sendHighWater, name, timeoutMs };
  const resume = resumeSettings(asked ?? addresses !== undefined);
  if (!addresses && !resume) return { ...rest, address: address ?? '', places: [], resume };
  const texts = (addresses ?? [address ?? '']).flatMap((text) => addressList(text));
  return { ...rest, address: null, places: texts.map(placeFrom), resume };
}

function checkAuth(auth: ConnectOptions['auth']): void {
  if (auth === undefined) return;
  const { user, password } = auth;
  if (user === undefined || password === undefined) throw fault('auth must have user and password');
  // The text does not say the password.
  const wrong = passwordFault(password);
  if (wrong !== null) throw fault(`auth.password: ${wrong}`);
}

function placeFrom(text: string): Place {
  const place = placeOf(text);
  if (place === null) throw errorOf(ILLEGAL_SPREAD, addressFault(text));
  return place;
}
