/**
 * Errors of the modern face and the tools above it: one class per condition, `code` is the number that the SSP and SP
 * calls answer with [receive 1], [session 7.1]. The calls themselves never throw these.
 */
import * as codes from './wire/codes.js';

/** What a request asks for that a daemon can refuse. */
export type RefusedAction = 'join' | 'leave' | 'send';

/** Any result below zero. */
export class SspError extends Error {
  /** The constant's name, such as `REJECT_NOT_UNIQUE`. */
  readonly codeName: string;

  /** @param detail what happened in this case, put behind the sentence that belongs to the code */
  constructor(
    readonly code: number,
    detail?: string,
    options?: ErrorOptions,
  ) {
    super(
      `${codes.codeText(code)}${detail === undefined ? '' : `: ${detail}`} (${codes.codeName(code)})`,
      options,
    );
    this.name = new.target.name;
    this.codeName = codes.codeName(code);
  }
}

/** The daemon refused the session. */
export class RejectedError extends SspError {}

type Options = ErrorOptions | undefined;

/** A class whose code is fixed, so that a thrower names the condition and nothing else. */
const condition = (code: number) =>
  class extends SspError {
    constructor(detail?: string, options?: Options) {
      super(code, detail, options);
    }
  };

const refusal = (code: number) =>
  class extends RejectedError {
    constructor(detail?: string, options?: Options) {
      super(code, detail, options);
    }
  };

export class QuotaError extends refusal(codes.REJECT_QUOTA) {}
export class NoNameError extends refusal(codes.REJECT_NO_NAME) {}
export class IllegalNameError extends refusal(codes.REJECT_ILLEGAL_NAME) {}
export class NotUniqueError extends refusal(codes.REJECT_NOT_UNIQUE) {}
export class VersionError extends refusal(codes.REJECT_VERSION) {}
export class AuthError extends refusal(codes.REJECT_AUTH) {}

export class IllegalAddressError extends condition(codes.ILLEGAL_SPREAD) {}
export class CouldNotConnectError extends condition(codes.COULD_NOT_CONNECT) {}
/** The connection broke, or was not made within the time limit. */
export class ConnectionClosedError extends condition(codes.CONNECTION_CLOSED) {}
export class IllegalSessionError extends condition(codes.ILLEGAL_SESSION) {}
export class IllegalServiceError extends condition(codes.ILLEGAL_SERVICE) {}
export class IllegalMessageError extends condition(codes.ILLEGAL_MESSAGE) {}
export class IllegalGroupError extends condition(codes.ILLEGAL_GROUP) {}
export class BufferTooShortError extends condition(codes.BUFFER_TOO_SHORT) {}
export class GroupsTooShortError extends condition(codes.GROUPS_TOO_SHORT) {}
export class MessageTooLongError extends condition(codes.MESSAGE_TOO_LONG) {}
export class NetworkError extends condition(codes.NET_ERROR_ON_SESSION) {}
export class IllegalTimeError extends condition(codes.ILLEGAL_TIME) {}
export class IllegalParamError extends condition(codes.ILLEGAL_PARAM) {}
export class WouldBlockError extends condition(codes.WOULD_BLOCK) {}
export class IllegalMessageTypeError extends condition(codes.ILLEGAL_MESSAGE_TYPE) {}

/** A policy of the daemon refused a request: `AccessGroupFile` says who may do what. */
export class PermissionDeniedError extends SspError {
  /** The group, or the first of several; a private name when it was sent to one connection. */
  readonly group: string;

  constructor(
    readonly action: RefusedAction,
    /** Where the request went. A policy that refuses one of several groups refuses the whole message. */
    readonly groups: readonly string[],
    options?: ErrorOptions,
  ) {
    const where = action === 'send' ? `to ${groups.join(', ')}` : groups.join(', ');
    super(codes.PERMISSION_DENIED, `${action} ${where}`, options);
    this.group = groups[0] ?? '';
  }
}

/** The daemon refused a join, because it has as many groups or memberships as it allows. */
export class TooManyGroupsError extends condition(codes.TOO_MANY_GROUPS) {}

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
  [codes.TOO_MANY_GROUPS]: TooManyGroupsError,
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
});

/** The error that belongs to a result; a plain `SspError` for one without a class of its own. */
export function errorOf(code: number, detail?: string, options?: ErrorOptions): SspError {
  const Class = classes[code];
  return Class ? new Class(detail, options) : new SspError(code, detail, options);
}
