/** Servers of a namespace, from view to view. */
import { expect } from 'chai';
import { OrderedServers } from '../../../lib/adapters/socket.io/ordered-servers.js';
import type { ReturnedMember, ViewEvent } from '../../../lib/index.js';

const A = '#a#d1';
const A2 = '#a#d2';
const B = '#b#d2';

describe('socket.io: servers', () => {
  let servers: OrderedServers;
  let last: readonly string[];

  beforeEach(() => {
    servers = new OrderedServers(() => A);
    last = [];
  });

  /** A view of these members, in which `me` is this server. */
  const view = (members: readonly string[], me: string, returned: readonly ReturnedMember[] = []): void => {
    const left = last.filter((id) => !members.includes(id));
    const has = (id: string): boolean => members.includes(id);
    last = members;
    const { length: size } = members;
    servers.take({
      members,
      size,
      left,
      returned,
      myIndex: members.indexOf(me),
      has,
    } as unknown as ViewEvent);
  };
  const change = (): unknown => {
    const now = servers.change();
    return now && [now.gone, Object.fromEntries(now.returned)];
  };

  it('are this one before the first view', () => {
    expect([servers.self, servers.ids, servers.isAlone, change()]).to.deep.equal([A, [A], false, null]);
  });

  it('are those of the view', () => {
    view([A, B], A);
    expect([servers.ids, servers.isAlone, servers.has(B)]).to.deep.equal([[A, B], false, true]);
    view([A], A);
    expect([servers.ids, servers.isAlone, servers.has(B)]).to.deep.equal([[A], true, false]);
    expect(change()).to.deep.equal([[B], {}]);
    expect(change()).to.equal(null);
  });

  it('are not gone when they are back under another id before anybody asks', () => {
    view([A, B], B);
    change();
    view([B], B);
    view([A2, B], B, [{ from: A, to: A2 }]);
    expect(change()).to.deep.equal([[], { [A]: A2 }]);
    view([B], B);
    expect(change()).to.deep.equal([[A2], {}]);
  });

  it('have this one under its new id, which is not alone while it is in no view', () => {
    view([A, B], A);
    view([B], A);
    expect([servers.self, servers.isAlone]).to.deep.equal([A, false]);
    view([A2, B], A2, [{ from: A, to: A2 }]);
    expect([servers.self, servers.isSelf(A), servers.isSelf(A2), servers.isSelf(B)]).to.deep.equal([
      A2,
      true,
      true,
      false,
    ]);
    // Somebody else has got the id of before.
    view([A, A2, B], A2);
    expect(servers.isSelf(A)).to.equal(false);
  });
});
