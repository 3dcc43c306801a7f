/** From an address to an accepted session: connection and handshake [session 1, 3]. */
import type { Buffer } from '#buffer';
import { CONNECTION_CLOSED, COULD_NOT_CONNECT, ILLEGAL_SPREAD } from '../wire/codes.js';
import type { Authenticator } from '../wire/handshake/authentication.js';
import {
  type ClientStep,
  PlainHandshake,
  type PlainHandshakeOptions,
} from '../wire/handshake/plain-handshake.js';
import type { Address } from './address.js';
import { connectCode, type DialFailure, isTlsError } from './dial-failure.js';
import type { ExtensionOffer } from './extension.js';
import { type Platform, systemPlatform } from './platform.js';
import type { Transport, TransportOptions, WebAddress } from './transport.js';
import { onAbort } from '../util/deferred.js';

export interface DialOptions extends TransportOptions {
  /** Where the daemon is, as its platform reads it; default the local socket of port 4803. */
  readonly spreadName?: string | undefined;
  /** The same, parsed; goes before `spreadName`. */
  readonly address?: Address | WebAddress | undefined;
  /** 1 to 10 characters, cut after ten; empty asks the daemon to make up a name. */
  readonly name?: string | undefined;
  /** Whether membership messages are wanted; default true. */
  readonly membership?: boolean | undefined;
  /** 0 or 1; no daemon makes a difference. */
  readonly priority?: number | undefined;
  /** Limit for connection and handshake in milliseconds; 0 is none, below 0 has passed already [session 3.9]. */
  readonly timeout?: number | undefined;
  /** Ends the attempt. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of each step that the daemon has taken part in. */
  readonly progressed?: (() => void) | undefined;
  readonly authenticators?: readonly Authenticator[] | undefined;
  /** What is wanted of the extension; default nothing, which no daemon can tell from any other client. */
  readonly extension?: ExtensionOffer | undefined;
  /** Directory of the Unix sockets; default `/tmp`. */
  readonly unixDir?: string | undefined;
  /** Default the one of the machine. */
  readonly platform?: Platform | undefined;
}

/** Longest time limit: what a Node timer can hold, about 24 days. A longer one is cut to it. */
const MAX_TIMEOUT_MS = 0x7fff_ffff;

type AcceptedStep = Extract<ClientStep, { readonly kind: 'accepted' }>;

/** Receives the connection in the turn in which it was accepted, so that no byte gets lost in between. */
type Accepted<T> = (transport: Transport, step: AcceptedStep) => T;

/**
 * @returns what `accepted` makes of the connection, or why there is none. The code is what connect answers with:
 * ILLEGAL_SPREAD for a malformed address or an unknown host, COULD_NOT_CONNECT for other failures to connect and for
 * those of TLS, CONNECTION_CLOSED when the handshake broke off, the time was up or the signal came, ILLEGAL_PARAM for
 * keys and certificates that are none, else what the daemon refused with [session 3.10]
 */
export function dial<T>(options: DialOptions, accepted: Accepted<T>): Promise<T | DialFailure> {
  const { timeout = 0, signal, platform = systemPlatform } = options;
  const address = options.address ?? platform.parse(options.spreadName ?? '', options.unixDir);
  const early = (code: number): Promise<DialFailure> => Promise.resolve({ code, during: 'connecting' });
  if (address === null) return early(ILLEGAL_SPREAD);
  if (timeout < 0 || signal?.aborted) return early(CONNECTION_CLOSED);

  return new Promise((resolve) => {
    const handshake = handshakeOf(options);
    let connected = false;
    let isOver = false;
    const onReady = (): void => {
      if (isOver) return;
      connected = true;
      options.progressed?.();
      transport.write(handshake.request());
    };
    let transport: Transport;
    try {
      transport = platform.open(address, options, onReady);
    } catch (error) {
      return resolve({ code: connectCode(error as Error), error: error as Error, during: 'connecting' });
    }

    const onData = (chunk: Buffer): void => {
      const step = handshake.push(chunk);
      if (step.kind === 'refused') return refuse(step.code);
      if (step.write !== null) {
        options.progressed?.();
        transport.write(step.write);
      }
      if (step.kind === 'more') return;
      finish();
      transport.off('error', onError);
      resolve(accepted(transport, step));
    };
    // With TLS the connection may end before it is one.
    const onClose = (): void => refuse(connected ? handshake.end() : COULD_NOT_CONNECT);
    // Before there is a connection, an error that says more follows.
    const onEnd = (): void => (connected ? onClose() : undefined);
    // With TLS 1.3 the daemon looks at our certificate after we have taken the connection for made.
    const onError = (error: Error): void =>
      refuse(connected && !isTlsError(error) ? handshake.end() : connectCode(error), { error });
    const giveUp = (): void => refuse(CONNECTION_CLOSED);
    const expire = (): void => refuse(CONNECTION_CLOSED, { isLate: true });
    const finish = (): void => {
      isOver = true;
      timer?.cancel();
      off?.();
      transport.off('data', onData).off('end', onEnd).off('close', onClose);
    };
    // The error listener stays: a destroyed socket may still report one.
    const refuse = (code: number, what: Pick<DialFailure, 'error' | 'isLate'> = {}): void => {
      finish();
      transport.destroy();
      resolve({ code, during: connected ? 'handshake' : 'connecting', ...what });
    };
    const limit = Math.min(timeout, MAX_TIMEOUT_MS);
    const timer = limit > 0 ? platform.clock.after(limit, expire) : undefined;
    const off = signal && onAbort(signal, giveUp);
    transport.on('data', onData).on('end', onEnd).on('close', onClose);
    transport.on('error', onError);
  });
}

function handshakeOf({
  name = '',
  membership = true,
  priority = 0,
  authenticators,
  extension,
}: DialOptions): PlainHandshake {
  const options: PlainHandshakeOptions = {
    name,
    membership,
    priority,
    ...(authenticators && { authenticators }),
  };
  return extension?.handshake(options) ?? new PlainHandshake(options);
}
