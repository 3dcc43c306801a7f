/** The connection of a tree of components. */
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useInsertionEffect,
  useMemo,
  useRef,
} from 'react';
import { errorOf } from '../../errors.js';
import { ILLEGAL_STATE } from '../../wire/codes.js';
import type { BrowserConnectOptions } from '../connect.js';
import { Client } from './client.js';

const Context = createContext<Client | null>(null);

/** The properties of `SspProvider`: options of `connect`, and what is inside. */
export interface SspProviderProps extends Pick<
  BrowserConnectOptions,
  'url' | 'token' | 'name' | 'resume' | 'timeoutMs'
> {
  /** Components that use the hooks. */
  readonly children?: ReactNode;
}

/**
 * Gives the components inside one connection to a daemon: from the first hook that is used until a second after the last. Another
 * url, name or text as token is another connection, made when the one before is closed; a function for tokens may be a new one with
 * each render.
 */
export function SspProvider({ children, ...options }: SspProviderProps): ReactElement {
  const { url, token, name } = options;
  /** The one that is shown. */
  const last = useRef<Client>(undefined);
  // A function is as good as another.
  const same = JSON.stringify([url, name, typeof token === 'function' || token]);
  const client = useMemo(() => new Client(options, last.current), [same]);
  useInsertionEffect(() => {
    client.options = options;
    last.current = client;
  });
  return createElement(Context.Provider, { value: client }, children);
}

/** The connection of the provider around the component. @throws IllegalStateError without one */
export function useClient(): Client {
  const client = useContext(Context);
  if (client === null) throw errorOf(ILLEGAL_STATE, 'expected an SspProvider around the component');
  return client;
}
