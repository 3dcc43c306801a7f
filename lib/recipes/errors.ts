/** What the recipes throw beside the errors of the library: one class per condition. */
import { ConnectionClosedError, keepNames } from '../errors.js';

/** A condition of a recipe; the connection is well. */
export class RecipeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** This member has no quorum, or no state yet, and the command was not to wait for either. Nothing was applied. */
export class ReadOnlyError extends RecipeError {}

/**
 * The command was applied, but while this member was given the state by another one: its result is not known here.
 * Read the state to see what became of it.
 */
export class ResultUnknownError extends RecipeError {}

/** The group holds something else than this member brought, or has other options: two recipes cannot share a group. */
export class IncompatibleMemberError extends RecipeError {}

/** Why a lock is held no more: the reason of `HeldLock.signal`. `cause` is what broke the connection, if that broke. */
export class LockEndedError extends RecipeError {}

/** Nothing broke: the group was left, or the connection closed, on this side. */
export class LeftGroupError extends ConnectionClosedError {
  constructor(text: string) {
    super();
    this.message = `${text} (${this.codeName})`;
  }
}

keepNames({
  RecipeError,
  ReadOnlyError,
  ResultUnknownError,
  IncompatibleMemberError,
  LockEndedError,
  LeftGroupError,
});
