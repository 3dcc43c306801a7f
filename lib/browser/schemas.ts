/** `#schemas` without Node: a part of its own. */
import type * as schemas from '../recipes/schemas.js';

/** Loads what reads schemas: of recipes that seldom have one. */
export const loadSchemas = async (): Promise<Pick<typeof schemas, 'SchemaValues'>> =>
  await import('./parts/schemas.js');
