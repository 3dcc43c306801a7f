/** What the recipes throw beside the errors of the library: one class per condition. */

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
export class ResultLostError extends RecipeError {}
