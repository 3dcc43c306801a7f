/** A recipe as components see it. */
import type { Connection } from '../../client/connection.js';
import type { Recipe, RecipeEvents } from '../../recipes/recipe.js';
import { Store } from './store.js';

/** What all recipes have; each has events of its own beside it. */
type AnyRecipe = Pick<Recipe<RecipeEvents>, 'binding' | 'closed' | 'leave'> & Record<'on' | 'off', unknown>;

export abstract class RecipeStore<S, R extends AnyRecipe> extends Store<S, R> {
  /** Those after which it looks different. */
  protected abstract readonly events: readonly string[];

  protected abstract stateOf(recipe: R): S;

  protected override failed(error: Error | null): S {
    return { ...this.initial, error };
  }

  protected override joined(it: R, _: Connection, signal: AbortSignal): void {
    const show = (): void => this.show(this.stateOf(it));
    for (const event of this.events) this.hear(signal, it, { [event]: show });
    this.hearEnd(signal, it.binding.group);
    void it.closed.then((error) => (signal.aborted ? undefined : this.end(error)));
    show();
  }
}
