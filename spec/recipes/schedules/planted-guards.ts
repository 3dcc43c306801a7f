/** What switches guards of replicated state off. */
import { Component } from '../../../lib/recipes/core/replicated/component.js';
import { ReplicatedCore } from '../../../lib/recipes/core/replicated/core.js';
import { encode, type Message, type Statement } from '../../../lib/recipes/core/replicated/messages.js';
import type { Electorate } from '../../../lib/primary/ballot.js';
import { replace } from '../../simulation/bugs/planted.js';
import type { Ends, WorldOptions } from './schedule-world.js';

export interface Guard {
  /** What is so without it. */
  readonly name: string;
  /** A scenario, or the configuration of random worlds, that has to notice; null: a table or trace does, beside this folder. */
  readonly seenBy: string | WorldOptions | null;
  /** Of random worlds, one that shows it, where those before it do not: see `huntFrom`. */
  readonly seed?: number;
  /** Switches it off. @returns what switches it on again */
  readonly off: () => () => void;
}

export type Statements = ReadonlyMap<string, Statement>;

/** What bugs touch of a core. */
export interface Core {
  readonly self: string;
  readonly agreement: { readonly statements: Statements; heard(name: string): void };
  readonly sink: { send(body: Buffer, service: 'agreed' | 'safe'): void };
  electorate: Electorate | null;
  isEnding: boolean;
  promised: number;
  ask: string;
  give(component: Component, name: string, ask: string): void;
}

/** What bugs touch of a component. */
export interface Parts {
  formed: boolean;
  current: { readonly quorum: number | null; readonly next: number };
  readonly holding: Set<string>;
  readonly voted: Set<string>;
}

export const worlds = (quorum: number | null, of: number, ends: Ends = 'loose'): WorldOptions => ({
  quorum,
  of,
  ends,
});

export const nothing = () => (): void => undefined;

/** Messages of these kinds are agreed ones. */
export const agreed = (...kinds: Message['kind'][]): (() => void) =>
  replace(ReplicatedCore, 'send', (original) => (self, message) => {
    const { kind } = message as Message;
    if (kinds.length > 0 && !kinds.includes(kind)) original(self, message);
    else (self as Core).sink.send(encode(message as Message), 'agreed');
  });
