/** Clients that send as fast as they can and read only in between: nobody is cut off for what the daemons hold up. */
import { Buffer } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { encodeMessage } from '../../lib/wire/request.js';
import { AGREED_MESS } from '../../lib/wire/service.js';
import { skipWithoutCluster, whyNoCluster } from '../support/cluster/available.js';
import { BlockingClient } from './blocking-client.js';
import { freshRig, type Rig } from './shared.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 20);
const MESSAGES = Number(process.env['MESSAGES'] ?? 400);
const BODY = Buffer.alloc(10_000);

describe('a client with blocking calls, on three daemons', function () {
  this.timeout(180_000);
  let rig: Rig;

  before(skipWithoutCluster);

  before(async function () {
    if (whyNoCluster() === null) rig = await freshRig();
  });

  it(`is not cut off in ${ROUNDS} rounds`, async () => {
    const { host, port, folder } = rig.cluster.node(1);
    const cut: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const client = await BlockingClient.connect({ host, port }, `c${round}`, 'blocking');
      const message = encodeMessage(AGREED_MESS, client.session.privateGroup, ['blocking'], 0, [BODY]);
      for (let i = 0; i < MESSAGES && !client.isClosed; i++) {
        await client.receive();
        await client.send(Buffer.from(message));
      }
      while (client.received < MESSAGES && !client.isClosed) await client.receive();
      if (client.isClosed) cut.push(round);
      client.close();
    }
    expect(cut, readFileSync(join(folder, 'sspd.out'), 'utf8').slice(-500)).to.deep.equal([]);
  });
});
