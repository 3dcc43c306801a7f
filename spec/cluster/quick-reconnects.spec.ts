/** Clients that come back at once under their name, on real nodes: an end takes a round of the ring to be ordered. */
import { expect } from 'chai';
import { skipWithoutCluster, whyNoCluster } from '../support/cluster/available.js';
import { RawSession } from '../support/raw-client.js';
import { freshRig, type Rig } from './shared.js';

const RECONNECTS = 100;

/** How a session may end: each leaves the client without knowing when the daemon has ordered it. */
const endings: readonly ((session: RawSession) => void)[] = [
  (session) => {
    session.disconnect();
    session.client.socket.end();
  },
  (session) => session.client.reset(),
  (session) => session.close(),
];

describe('quick reconnects on three nodes', function () {
  this.timeout(60_000);
  let rig: Rig;

  before(skipWithoutCluster);

  beforeEach(async function () {
    if (whyNoCluster() === null) rig = await freshRig();
  });

  it(`succeed ${RECONNECTS} times of ${RECONNECTS}, whatever way the last session ended`, async () => {
    const refusals: string[] = [];
    const { nodes } = rig.cluster;
    for (const { host, port, daemon } of nodes) {
      const share = Math.ceil(RECONNECTS / nodes.length);
      for (let i = 0; i < share; i++) {
        try {
          const session = await RawSession.connect({ host, port }, 'again');
          session.join('reconnects');
          endings[i % endings.length]?.(session);
        } catch (error) {
          refusals.push(`${daemon}, ${i}: ${(error as Error).message}`);
        }
      }
    }
    expect(refusals).to.deep.equal([]);
  });
});
