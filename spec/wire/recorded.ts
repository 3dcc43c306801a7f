/** What the parties of a recorded connection wanted: the policy of its daemon, the options of its client. */
import {
  type Authenticator,
  ipAuthenticator,
  nullAuthenticator,
  passwordAuthenticator,
  readMethodList,
} from '../../lib/wire/handshake/authentication.js';
import type { ClientHandshakeOptions } from '../../lib/wire/handshake/client-handshake.js';
import type { HandshakePolicy } from '../../lib/wire/handshake/server-handshake.js';
import { type Recording, type Trace, firstOf } from '../support/recordings.js';

/** Methods behind a setting in the recorder's description of the daemon. */
function setting(recording: Recording, name: string): string[] | null {
  const found = new RegExp(`${name} "([^"]*)"`).exec(recording.daemon);
  return found === null ? null : readMethodList(found[1] ?? '');
}

/** A daemon configured as the recorded one that has the same opinion of the client's name and address. */
export function policyOf(recording: Recording, trace: Trace): HandshakePolicy {
  const accept = firstOf(trace, 'accept');
  const code = firstOf(trace, 'reject')?.code;
  return {
    allowed: setting(recording, 'AllowedAuthMethods') ?? ['NULL'],
    required: setting(recording, 'RequiredAuthMethods') ?? [],
    reserve: ({ name }) => accept?.private_group ?? (code === -6 || code === -3 ? code : `#${name}#dmn1`),
    passes: (method) => method === 'NULL' || accept !== undefined,
  };
}

const callsOf = (trace: Trace): string[] => (trace.calls ?? []).map(({ call }) => call);

function authenticatorsOf(trace: Trace): readonly Authenticator[] {
  const known = new Map([
    ['NULL', nullAuthenticator],
    ['IP', ipAuthenticator],
  ]);
  let chosen = ['NULL'];
  for (const call of callsOf(trace)) {
    const [verb, ...words] = call.split(' ');
    if (verb === 'auth2') chosen = words;
    if (verb !== 'auth') continue;
    const [method = '', user = '', password = ''] = words;
    chosen = [method];
    if (method === 'PWORD') known.set(method, passwordAuthenticator(user, password));
  }
  return chosen.map((method) => {
    const authenticator = known.get(method);
    if (!authenticator) throw new Error(`recorded method ${method}`);
    return authenticator;
  });
}

const connectCall = /^(?:FL_)?connect name=(\S+)(?: priority=(\d+) group_membership=(\d+))?/;

/** The options of the call that connected, or null for hand-built bytes. */
export function optionsOf(trace: Trace): ClientHandshakeOptions | null {
  for (const call of callsOf(trace)) {
    const found = connectCall.exec(call);
    if (found === null) continue;
    const [, name = '', priority = '0', membership = '1'] = found;
    return {
      name: name === '-' ? '' : name,
      membership: membership !== '0',
      priority: Number(priority),
      authenticators: authenticatorsOf(trace),
    };
  }
  return null;
}

/** What the recorded connect call gave: the private group or the code. */
export function connectResult(trace: Trace): string | number | undefined {
  const result = trace.calls?.find(({ call }) => connectCall.test(call))?.result;
  return result?.ret === 1 ? result.private_group : result?.ret;
}
