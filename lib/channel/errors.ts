/**
 * What channels throw beside the errors of the library: one class per condition, with its number in the protocol of
 * channels, and the number that MESSIP answered with where it had one [channels 19].
 */
import { IllegalParamError, SspError, keepNames } from '../errors.js';

const conditions = {
  TIMEOUT: { code: 'ERR_SSP_TIMEOUT', errno: -104, messip: -4, text: 'timed out' },
  EXISTS: { code: 'ERR_SSP_EXISTS', errno: -110, messip: null, text: 'a channel with this name exists' },
  NOT_FOUND: { code: 'ERR_SSP_NOT_FOUND', errno: -111, messip: null, text: 'no such channel' },
  BAD_NAME: {
    code: 'ERR_SSP_BAD_NAME',
    errno: -112,
    messip: null,
    text: 'expected a name of 1 to 47 bytes of UTF-8 without control characters and #',
  },
  NOT_OWNER: {
    code: 'ERR_SSP_NOT_OWNER',
    errno: -113,
    messip: -1,
    text: 'the channel belongs to another connection',
  },
  HAS_CLIENTS: { code: 'ERR_SSP_HAS_CLIENTS', errno: -114, messip: null, text: 'the channel has clients' },
  NOT_PRIMARY: {
    code: 'ERR_SSP_NOT_PRIMARY',
    errno: -115,
    messip: null,
    text: 'this partition cannot assign names (not primary)',
  },
  ORPHANED: {
    code: 'ERR_SSP_ORPHANED',
    errno: -116,
    messip: null,
    text: 'the owner of the name is in another part of the network',
  },
  NOT_ATTACHED: {
    code: 'ERR_SSP_NOT_ATTACHED',
    errno: -117,
    messip: null,
    text: 'the channel is closed on this side',
  },
  SERVER_GONE: { code: 'ERR_SSP_SERVER_GONE', errno: -120, messip: -1, text: 'the server has ended' },
  SERVER_UNREACHABLE: {
    code: 'ERR_SSP_SERVER_UNREACHABLE',
    errno: -121,
    messip: null,
    text: 'the server is in another part of the network',
  },
  CLIENT_GONE: { code: 'ERR_SSP_CLIENT_GONE', errno: -122, messip: null, text: 'the client has ended' },
  ALREADY_REPLIED: {
    code: 'ERR_SSP_ALREADY_REPLIED',
    errno: -123,
    messip: null,
    text: 'the request was already answered or dropped',
  },
  CHANNEL_FULL: {
    code: 'ERR_SSP_CHANNEL_FULL',
    errno: -124,
    messip: null,
    text: 'the queue of the channel is full',
  },
  BUFFERING_OFF: {
    code: 'ERR_SSP_BUFFERING_OFF',
    errno: -125,
    messip: null,
    text: 'the channel takes no posts',
  },
  BODY_TOO_LONG: { code: 'ERR_SSP_BODY_TOO_LONG', errno: -126, messip: null, text: 'the body is too long' },
  BUSY: {
    code: 'ERR_SSP_BUSY',
    errno: -128,
    messip: null,
    text: 'another receiver is active on this channel',
  },
} as const;

/** A condition of channels, as the protocol names it [channels 19]. */
export type ChannelCondition = keyof typeof conditions;

/** Any failure of a channel. */
export class ChannelError extends SspError {
  /** What MESSIP answered in this case, or null where it had no number. */
  readonly messip: number | null;
  /**
   * Of a call to a channel with `ackReceipt`: whether the server's application is known to have taken the request.
   * Absent where the channel does not say, and of all other errors.
   */
  declare readonly received?: boolean | undefined;

  constructor(condition: ChannelCondition | 'REFUSED', detail?: string, options?: ErrorOptions) {
    if (condition === 'REFUSED') {
      super('ERR_SSP_REFUSED', detail ?? 'the server refused', options);
      this.messip = null;
    } else {
      const { code, errno, messip, text } = conditions[condition];
      super(code, `${text}${detail === undefined ? '' : `: ${detail}`} (${condition})`, {
        ...options,
        errno,
      });
      this.messip = messip;
    }
  }
}

/** The time limit passed. */
export class TimeoutError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('TIMEOUT', detail, options);
  }
}

/** Another channel has that name. */
export class ExistsError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('EXISTS', detail, options);
  }
}

/** No channel has that name. */
export class NotFoundError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('NOT_FOUND', detail, options);
  }
}

/** The name of a channel does not have 1 to 47 bytes of UTF-8, or has a control character or `#`. */
export class BadNameError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('BAD_NAME', detail, options);
  }
}

/** The channel belongs to another connection. */
export class NotOwnerError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('NOT_OWNER', detail, options);
  }
}

/** This partition cannot assign names, because it is not the primary one. */
export class NotPrimaryError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('NOT_PRIMARY', detail, options);
  }
}

/** The owner of the name is in another partition, and the name is still reserved for it. */
export class OrphanedError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ORPHANED', detail, options);
  }
}

/** The channel is closed on this side. */
export class NotAttachedError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('NOT_ATTACHED', detail, options);
  }
}

/** The server is in another partition. */
export class ServerUnreachableError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('SERVER_UNREACHABLE', detail, options);
  }
}

/** The client that would get the reply has left or died. */
export class ClientGoneError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('CLIENT_GONE', detail, options);
  }
}

/** The request was answered, refused or dropped before. */
export class AlreadyRepliedError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ALREADY_REPLIED', detail, options);
  }
}

/** The queue of the channel is full, and its policy is to reject. */
export class ChannelFullError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('CHANNEL_FULL', detail, options);
  }
}

/** The channel accepts no posts: its `maxBuffered` is 0. */
export class BufferingOffError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('BUFFERING_OFF', detail, options);
  }
}

/** The body is longer than the `maxBody` of the channel. Nothing was sent. */
export class BodyTooLongError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('BODY_TOO_LONG', detail, options);
  }
}

/** Another call or loop of this program receives from the channel. */
export class BusyError extends ChannelError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('BUSY', detail, options);
  }
}

/** The channel has clients; close it with `force`. */
export class HasClientsError extends ChannelError {
  constructor(
    /** How many clients it has. */
    readonly count: number,
  ) {
    super('HAS_CLIENTS', String(count));
  }
}

/** The server died or closed the channel. */
export class ServerGoneError extends ChannelError {
  constructor(
    /** Why; null when the server closed while it refused this request. */
    readonly reason: GoneReason | null,
    detail?: string,
  ) {
    super('SERVER_GONE', [detail, reason].filter(Boolean).join(', ') || undefined);
  }
}

/** The server refused the request by `fail`. */
export class RefusedError extends ChannelError {
  constructor(
    /** The server's own word for its reason, such as `NOT_SOLD`. */
    readonly refusal: string,
    text: string,
  ) {
    super('REFUSED', text === '' ? `the server refused: ${refusal}` : `${text} (${refusal})`);
  }
}

keepNames({
  ChannelError,
  TimeoutError,
  ExistsError,
  NotFoundError,
  BadNameError,
  NotOwnerError,
  NotPrimaryError,
  OrphanedError,
  NotAttachedError,
  ServerUnreachableError,
  ClientGoneError,
  AlreadyRepliedError,
  ChannelFullError,
  BufferingOffError,
  BodyTooLongError,
  BusyError,
  HasClientsError,
  ServerGoneError,
  RefusedError,
});

type Plain = Exclude<ChannelCondition, 'HAS_CLIENTS' | 'SERVER_GONE'>;

const classes: Readonly<Record<Plain, new (detail?: string, options?: ErrorOptions) => ChannelError>> = {
  TIMEOUT: TimeoutError,
  EXISTS: ExistsError,
  NOT_FOUND: NotFoundError,
  BAD_NAME: BadNameError,
  NOT_OWNER: NotOwnerError,
  NOT_PRIMARY: NotPrimaryError,
  ORPHANED: OrphanedError,
  NOT_ATTACHED: NotAttachedError,
  SERVER_UNREACHABLE: ServerUnreachableError,
  CLIENT_GONE: ClientGoneError,
  ALREADY_REPLIED: AlreadyRepliedError,
  CHANNEL_FULL: ChannelFullError,
  BUFFERING_OFF: BufferingOffError,
  BODY_TOO_LONG: BodyTooLongError,
  BUSY: BusyError,
};

/** The error of a condition. */
export const channelError = (condition: Plain, detail?: string, options?: ErrorOptions): ChannelError =>
  new classes[condition](detail, options);

/** Why a command to the registry failed. @param name of the channel */
export const commandError = (condition: ChannelCondition | 'BAD_ARGUMENT', name: string): SspError =>
  condition === 'HAS_CLIENTS' || condition === 'SERVER_GONE' || condition === 'BAD_ARGUMENT'
    ? new IllegalParamError(condition)
    : channelError(condition, name);

/** The number that stands for the condition in a refusal. */
export const errnoOf = (condition: ChannelCondition): number => conditions[condition].errno;

const byErrno = new Map<number, ChannelCondition>(
  Object.entries(conditions).map(([condition, { errno }]) => [errno, condition as ChannelCondition]),
);

/** What a refusal means to the caller. @param errno 0 for the server's own words */
export function refusalError(errno: number, word: string, text: string): ChannelError {
  const known = byErrno.get(errno);
  if (known === 'SERVER_GONE') return new ServerGoneError(null, text || undefined);
  if (known === undefined || known === 'HAS_CLIENTS') return new RefusedError(word, text);
  return channelError(known, text || undefined);
}

// Why somebody is not there any more.

/**
 * `released`: the channel was closed. `left`: the connection gave up its channels in order. `disconnect`: process or
 * connection ended. `network`: in another part of the network, and may come back. `conflict`: two parts of the network
 * gave away the same name, and the other owner keeps it. `taken-over`: the name was given away while its owner was
 * unreachable for long.
 */
export type GoneReason = 'released' | 'left' | 'disconnect' | 'network' | 'conflict' | 'taken-over';
