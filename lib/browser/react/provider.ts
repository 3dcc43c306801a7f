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
 * url, name or text as token is another connection; a function for tokens may be a new one with each render.
 */
export function SspProvider({ children, ...options }: SspProviderProps): ReactElement {
  const { url, token, name } = options;
  const newest = useRef(token);
  useInsertionEffect(() => {
    newest.current = token;
  });
  const kind = typeof token === 'string' ? `text ${token}` : typeof token;
  const client = useMemo(() => {
    const ask = (): string | Promise<string> =>
      typeof newest.current === 'function' ? newest.current() : (newest.current ?? '');
    return new Client({ ...options, token: typeof token === 'function' ? ask : token });
  }, [JSON.stringify([url, name, kind])]);
  return createElement(Context.Provider, { value: client }, children);
}

/** The connection of the provider around the component. @throws IllegalStateError without one */
export function useClient(): Client {
  const client = useContext(Context);
  if (client === null) throw errorOf(ILLEGAL_STATE, 'expected an SspProvider around the component');
  return client;
}
