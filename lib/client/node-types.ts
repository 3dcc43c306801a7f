/** Types of what only programs in Node can do: they are there where the module that has them is in the program. */

/** `secure-options.ts` fills it in. A page in a browser has nothing of it. */
// oxlint-disable-next-line typescript/no-empty-object-type typescript/no-empty-interface
export interface NodeTypes {}

/** The option `secure` of `Connection.join`. */
export type Secure = NodeTypes extends { readonly secure: infer S } ? S : never;
