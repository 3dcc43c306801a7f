/** What the recipes throw beside the errors of the library: one class per condition. */
import { ConnectionClosedError, type ErrorCode, SspError, keepNames } from '../errors.js';

/** A condition of a recipe; the connection still works. */
export abstract class RecipeError extends SspError {}

/** This member has no quorum, or no state yet, and the command was not to wait for either. Nothing was applied. */
export class ReadOnlyError extends RecipeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_READ_ONLY', message, options);
  }
}

/**
 * The command was applied, but while another member sent this one the state: its result is not known here. Read the state
 * to see what became of it.
 */
export class ResultUnknownError extends RecipeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_RESULT_UNKNOWN', message, options);
  }
}

/** The members of the group use another recipe, or other options, than this one: two recipes cannot share a group. */
export class IncompatibleMemberError extends RecipeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_INCOMPATIBLE_MEMBER', message, options);
  }
}

/** A lock is not held any more: the reason of `HeldLock.signal`. `cause` is what broke the connection, if that broke. */
export class LockEndedError extends RecipeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_LOCK_ENDED', message, options);
  }
}

/** This member does not lead any more: the reason of the signal that `lead` gives. `cause` is what broke the connection, if that broke. */
export class LeaderLostError extends RecipeError {
  constructor(message: string, options?: ErrorOptions) {
    super('ERR_SSP_LEADER_LOST', message, options);
  }
}

/** Nothing broke: this side left the group or closed the connection. */
export class LeftGroupError extends ConnectionClosedError {
  override readonly code: ErrorCode = 'ERR_SSP_LEFT_GROUP';

  constructor(text: string) {
    super();
    this.message = `${text} (CONNECTION_CLOSED)`;
  }
}

keepNames({
  RecipeError,
  ReadOnlyError,
  ResultUnknownError,
  IncompatibleMemberError,
  LockEndedError,
  LeaderLostError,
  LeftGroupError,
});
