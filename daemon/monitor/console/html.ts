/** Elements as templates, without a build for users. */
import htm from 'htm';
import { h, type VNode } from 'preact';

/** What a component gives. */
export type View = VNode | readonly VNode[] | null;

type Template = (strings: TemplateStringsArray, ...values: unknown[]) => VNode;

/** The types of htm are those of its CommonJS form; the module itself is the function. */
const { bind } = htm as unknown as { readonly bind: (this: unknown, create: typeof h) => Template };

export const html = bind.call(htm, h);
