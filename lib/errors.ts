/**
 * The errors of the toolkit: one family, one class per condition. `code` is a word for programs, `errno` the number that
 * the SSP and SP calls answer with, where they have one [receive 1], [session 7.1]. The calls themselves never throw.
 */
import type { ErrorCode } from './error-codes.js';
import * as codes from './wire/codes.js';

export { ERROR_CODES, type ErrorCode } from './error-codes.js';

/** The request that a daemon refused. */
export type RefusedAction = 'join' | 'leave' | 'send';

/** What the constructor of an error takes beside its code and message. */
export interface SspErrorOptions extends ErrorOptions {
  /** The number of the condition, where it has one. */
  readonly errno?: number | undefined;
}

/** Any error of the toolkit. `name` is the name of its class, in a minified program, too. */
export class SspError extends Error {
  /** The condition, in a word that programs can compare. */
  readonly code: ErrorCode;
  /** The number of the condition in Spread [receive 1] or in the protocol of channels [channels 19], where it has one. */
  declare readonly errno?: number;

  /** @param message one line: what happened, or what was expected and what was got */
  constructor(code: ErrorCode, message: string, { errno, ...options }: SspErrorOptions = {}) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    if (errno !== undefined) this.errno = errno;
  }
}

/** The daemon refused the session. */
export abstract class RejectedError extends SspError {}

/** Message and options of the error for a result of the calls: its sentence, the detail, and the constant's name. */
const result = (
  errno: number,
  detail: string | undefined,
  options: ErrorOptions | undefined,
): readonly [string, SspErrorOptions] => [
  `${codes.codeText(errno)}${detail === undefined ? '' : `: ${detail}`} (${codes.codeName(errno)})`,
  { ...options, errno },
];

/** The daemon, or this process, has as many sessions as it allows. */
export class QuotaError extends RejectedError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_QUOTA', ...result(codes.REJECT_QUOTA, detail, options));
  }
}

/** The daemon requires a name and was given none. */
export class NoNameError extends RejectedError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_NO_NAME', ...result(codes.REJECT_NO_NAME, detail, options));
  }
}

/** The name is longer than 10 bytes or has a character that names cannot have. */
export class IllegalNameError extends RejectedError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_NAME', ...result(codes.REJECT_ILLEGAL_NAME, detail, options));
  }
}

/** Another connection to this daemon has the name. */
export class NotUniqueError extends RejectedError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_NOT_UNIQUE', ...result(codes.REJECT_NOT_UNIQUE, detail, options));
  }
}

/** The daemon does not accept clients of this version of the protocol. */
export class VersionError extends RejectedError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_VERSION', ...result(codes.REJECT_VERSION, detail, options));
  }
}

/** Authentication failed, or the daemon does not offer its method. */
export class AuthError extends RejectedError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_AUTH', ...result(codes.REJECT_AUTH, detail, options));
  }
}

/** The address of the daemon is malformed, or its host is unknown; `cause` is what the resolver said. */
export class IllegalAddressError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_ADDRESS', ...result(codes.ILLEGAL_SPREAD, detail, options));
  }
}

/** The daemon could not be reached, or not within the time limit; `cause` is the error of the system or of TLS. */
export class CouldNotConnectError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_COULD_NOT_CONNECT', ...result(codes.COULD_NOT_CONNECT, detail, options));
  }
}

/** The connection broke or was closed; `cause` is what broke it. */
export class ConnectionClosedError extends SspError {
  /** Of a call to a channel with `ackReceipt`: whether the server's application is known to have taken the request. */
  declare readonly received?: boolean | undefined;

  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_CONNECTION_CLOSED', ...result(codes.CONNECTION_CLOSED, detail, options));
  }
}

/** The mailbox does not exist, or was disconnected. */
export class IllegalSessionError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_SESSION', ...result(codes.ILLEGAL_SESSION, detail, options));
  }
}

/** The service is not one of the six message services. Nothing was sent. */
export class IllegalServiceError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_SERVICE', ...result(codes.ILLEGAL_SERVICE, detail, options));
  }
}

/** The body, or the list of buffers, is malformed. Nothing was sent. */
export class IllegalMessageError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_MESSAGE', ...result(codes.ILLEGAL_MESSAGE, detail, options));
  }
}

/** A group name does not have 1 to 31 characters from `$` to `~`. Nothing was sent. */
export class IllegalGroupError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_GROUP', ...result(codes.ILLEGAL_GROUP, detail, options));
  }
}

/** The body is longer than the buffer given for it. */
export class BufferTooShortError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_BUFFER_TOO_SHORT', ...result(codes.BUFFER_TOO_SHORT, detail, options));
  }
}

/** A message has more group names than the array given for them. */
export class GroupsTooShortError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_GROUPS_TOO_SHORT', ...result(codes.GROUPS_TOO_SHORT, detail, options));
  }
}

/** Body plus 32 bytes for each group exceed 143,952 bytes. Nothing was sent. */
export class MessageTooLongError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_MESSAGE_TOO_LONG', ...result(codes.MESSAGE_TOO_LONG, detail, options));
  }
}

/** The connection of this mailbox broke earlier. */
export class NetworkError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_NETWORK', ...result(codes.NET_ERROR_ON_SESSION, detail, options));
  }
}

/** A time limit is malformed. */
export class IllegalTimeError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_TIME', ...result(codes.ILLEGAL_TIME, detail, options));
  }
}

/** An argument or option has the wrong type or is out of range; the message says which. Nothing was done. */
export class IllegalParamError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_PARAM', ...result(codes.ILLEGAL_PARAM, detail, options));
  }
}

/** No message is waiting. */
export class WouldBlockError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_WOULD_BLOCK', ...result(codes.WOULD_BLOCK, detail, options));
  }
}

/** The message type is not an integer from -32768 to 32767. Nothing was sent. */
export class IllegalMessageTypeError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_MESSAGE_TYPE', ...result(codes.ILLEGAL_MESSAGE_TYPE, detail, options));
  }
}

/** A policy of the daemon refused a request: `AccessGroupFile` of the daemon says who may do what. */
export class PermissionDeniedError extends SspError {
  /** The group, or the first of several; the id of a connection when the message was sent to that one. */
  readonly group: string;

  constructor(
    /** What was refused. */
    readonly action: RefusedAction,
    /** Where the request went. A policy that refuses one of several groups refuses the whole message. */
    readonly groups: readonly string[],
    options?: ErrorOptions,
  ) {
    const where = action === 'send' ? `to ${groups.join(', ')}` : groups.join(', ');
    super('ERR_SSP_PERMISSION_DENIED', ...result(codes.PERMISSION_DENIED, `${action} ${where}`, options));
    this.group = groups[0] ?? '';
  }
}

/** The daemon refused a join, because it has as many groups or memberships as it allows. */
export class TooManyGroupsError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_TOO_MANY_GROUPS', ...result(codes.TOO_MANY_GROUPS, detail, options));
  }
}

/** The group has too many members: the daemon refused one more, or there are more than a list can have. */
export class TooManyMembersError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_TOO_MANY_MEMBERS', ...result(codes.TOO_MANY_MEMBERS, detail, options));
  }
}

/** The call is not allowed in the present state of the group, such as a send between a flush and the next view. */
export class IllegalStateError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_STATE', ...result(codes.ILLEGAL_STATE, detail, options));
  }
}

/** A receiver of a message to some members is not in the view. Nothing was sent. */
export class IllegalReceiversError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_ILLEGAL_RECEIVERS', ...result(codes.ILLEGAL_RECEIVERS, detail, options));
  }
}

/** The message was to go out in one view only, and the group has another one. Nothing was sent. */
export class ViewChangedError extends SspError {
  constructor(detail?: string, options?: ErrorOptions) {
    super('ERR_SSP_VIEW_CHANGED', ...result(codes.ILLEGAL_STATE, detail, options));
  }
}

const classes: Readonly<Record<number, new (detail?: string, options?: ErrorOptions) => SspError>> = {
  [codes.REJECT_QUOTA]: QuotaError,
  [codes.REJECT_NO_NAME]: NoNameError,
  [codes.REJECT_ILLEGAL_NAME]: IllegalNameError,
  [codes.REJECT_NOT_UNIQUE]: NotUniqueError,
  [codes.REJECT_VERSION]: VersionError,
  [codes.REJECT_AUTH]: AuthError,
  [codes.ILLEGAL_SPREAD]: IllegalAddressError,
  [codes.COULD_NOT_CONNECT]: CouldNotConnectError,
  [codes.CONNECTION_CLOSED]: ConnectionClosedError,
  [codes.ILLEGAL_SESSION]: IllegalSessionError,
  [codes.ILLEGAL_SERVICE]: IllegalServiceError,
  [codes.ILLEGAL_MESSAGE]: IllegalMessageError,
  [codes.ILLEGAL_GROUP]: IllegalGroupError,
  [codes.BUFFER_TOO_SHORT]: BufferTooShortError,
  [codes.GROUPS_TOO_SHORT]: GroupsTooShortError,
  [codes.MESSAGE_TOO_LONG]: MessageTooLongError,
  [codes.NET_ERROR_ON_SESSION]: NetworkError,
  [codes.ILLEGAL_TIME]: IllegalTimeError,
  [codes.ILLEGAL_PARAM]: IllegalParamError,
  [codes.WOULD_BLOCK]: WouldBlockError,
  [codes.ILLEGAL_MESSAGE_TYPE]: IllegalMessageTypeError,
  [codes.ILLEGAL_STATE]: IllegalStateError,
  [codes.ILLEGAL_RECEIVERS]: IllegalReceiversError,
  [codes.TOO_MANY_GROUPS]: TooManyGroupsError,
  [codes.TOO_MANY_MEMBERS]: TooManyMembersError,
};

/** Gives classes the names under which they are listed, also in a program whose bundler has shortened them. */
export function keepNames(all: Readonly<Record<string, abstract new (...args: never) => Error>>): void {
  for (const [name, value] of Object.entries(all)) Object.defineProperty(value, 'name', { value: name });
}

keepNames({
  SspError,
  RejectedError,
  QuotaError,
  NoNameError,
  IllegalNameError,
  NotUniqueError,
  VersionError,
  AuthError,
  IllegalAddressError,
  CouldNotConnectError,
  ConnectionClosedError,
  IllegalSessionError,
  IllegalServiceError,
  IllegalMessageError,
  IllegalGroupError,
  BufferTooShortError,
  GroupsTooShortError,
  MessageTooLongError,
  NetworkError,
  IllegalTimeError,
  IllegalParamError,
  WouldBlockError,
  IllegalMessageTypeError,
  PermissionDeniedError,
  TooManyGroupsError,
  TooManyMembersError,
  IllegalStateError,
  IllegalReceiversError,
  ViewChangedError,
});

/** The error for a result below zero of the calls; a plain `SspError`, with its number in `errno`, for one without a class. */
export function errorOf(errno: number, detail?: string, options?: ErrorOptions): SspError {
  const Class = classes[errno];
  return Class
    ? new Class(detail, options)
    : new SspError('ERR_SSP_RESULT', ...result(errno, detail, options));
}
