/** `#schemas` in Node. */
import type * as schemas from './schemas.js';

/** Loads what reads schemas: of recipes that seldom have one. */
export const loadSchemas = (): Promise<Pick<typeof schemas, 'SchemaValues'>> => import('./schemas.js');
