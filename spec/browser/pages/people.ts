/**
 * A page of React in StrictMode, which in development mounts each component twice. The fragment of its address is its name and the
 * URL of the daemon.
 */
import { createElement, type ReactElement, StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { SspProvider, useGroup, useLeader, usePresence } from 'ssp-toolkit/react';

const { document, location } = globalThis as unknown as {
  readonly document: { readonly body: Element };
  readonly location: { readonly hash: string };
};
const [name = '', url = ''] = location.hash.slice(1).split(',');

/** Who is here, in the order of the group, and who leads. */
function People(): ReactElement {
  const { all } = usePresence('people', { meta: { name } });
  const { leader } = useLeader('lead');
  const lines = all.map(({ key, metas: [meta], members }) => {
    const leads = members.some(({ id }) => id === leader) ? ' leads' : '';
    return createElement('li', { key }, `${meta?.name}${leads}`);
  });
  return createElement('ul', null, lines);
}

/** How many are in the room. */
function Room(): ReactElement {
  const { state, members } = useGroup('room');
  return createElement('p', null, `${state} ${members.length}`);
}

const inside = [People, Room, Room].map((part, key) => createElement(part, { key }));
const provider = createElement(SspProvider, { url }, inside);
createRoot(document.body).render(createElement(StrictMode, null, provider));
