/**
 * The recordings of three daemons, played on three real nodes: names, order, causes, vs sets, the transitional signal before
 * the view, and group ids by their rules. Seen by our library, and by clients of the recorded bytes.
 */
import { Buffer } from 'node:buffer';
import { expect } from 'chai';
import { daemonId } from '../../daemon/config/daemon-id.js';
import { parsePrivateGroup } from '../../lib/wire/name.js';
import { inDaemonOrder } from '../conformance/daemon-order.js';
import { replay, type ReplayFixture } from '../conformance/replay.js';
import { skipWithoutCluster } from '../support/cluster/available.js';
import type { Cluster } from '../support/cluster/cluster.js';
import { applyFault, parseFault } from '../support/cluster/faults.js';
import type { ClusterNode } from '../support/cluster/node.js';
import { RawClient } from '../support/raw-client.js';
import {
  framesOf,
  privateGroupOf,
  type Recording,
  recording,
  streamOf,
  type Trace,
} from '../support/recordings.js';
import { eventually } from '../support/wait.js';
import { Barrier } from './barrier.js';
import { canonical, idsIn } from './canonical.js';
import { ranked } from './group-ids.js';
import { LibraryPlayer } from './library-player.js';
import { flushNetworkEvents, type NetworkEvent, networkEvents } from './network-events.js';
import { idsOf, recordedSights, type ClientLog } from './client-log.js';
import { freshRig } from './shared.js';

/** Ids of dmn1, dmn2, dmn3. The reference hashes names in another way; dmn2 is first in no recorded view. */
const recordedDaemons = [3_482_217_861, 0, 1_365_006_275];
const ourDaemons = ['dmn1', 'dmn2', 'dmn3'].map(daemonId);

const LIMIT = 20_000;

const nodeOf = (cluster: Cluster, trace: Trace): ClusterNode => {
  const daemon = parsePrivateGroup(privateGroupOf(trace))?.daemon;
  return cluster.nodes.find((node) => node.daemon === daemon) as ClusterNode;
};

/** What happens to the network in front of a chunk. @param have resolves when the clients have so many frames */
async function happen(
  cluster: Cluster,
  events: readonly NetworkEvent[],
  seq: number,
  have: (frames: Readonly<Record<string, number>>) => Promise<void>,
): Promise<void> {
  for (const event of events) {
    if (event.before !== seq) continue;
    await have(event.after);
    for (const line of event.faults) await applyFault(cluster, parseFault(line));
    await have(event.until);
  }
}

/** Bytes that a trace has from its daemon when it has so many frames. */
function bytesOf(trace: Trace, frames: number): number {
  const last = framesOf(trace, 'd2c')[frames - 1];
  return last ? last.offset + last.length : 0;
}

const stageOf = (cluster: Cluster, barrier: Barrier): ReplayFixture => ({
  open: (trace) => RawClient.open(nodeOf(cluster, trace)),
  send: async (trace, client, bytes) => {
    client.send(bytes);
    await barrier.pass(nodeOf(cluster, trace).number);
  },
  close: async (_trace, client) => {
    client.close();
  },
});

describe('recordings of three daemons, played on three nodes', function () {
  this.timeout(60_000);
  before(skipWithoutCluster);

  for (const id of Object.keys(networkEvents)) {
    it(`${id}: our library sees what the recorded clients saw`, async () => {
      const { cluster } = await freshRig();
      await using barrier = await Barrier.raise(cluster);
      const { traces } = recording(id);
      const players = traces.map((trace) => new LibraryPlayer(trace, nodeOf(cluster, trace).address));
      const have = async (frames: Readonly<Record<string, number>>): Promise<void> => {
        for (const player of players) await player.sees(frames[player.trace.id] ?? 0);
      };
      try {
        for (;;) {
          const seq = Math.min(...players.map((player) => player.seq));
          const player = players.find((each) => each.seq === seq);
          if (!player || seq === Infinity) break;
          await happen(cluster, networkEvents[id] ?? [], seq, have);
          await player.step();
          await barrier.pass(nodeOf(cluster, player.trace).number);
        }
        for (const player of players) await player.sees(framesOf(player.trace, 'd2c').length);
        // What is too much would come before the answer to this.
        for (const { number } of cluster.nodes) await barrier.pass(number);
        const got = players.map(({ seen }) => seen);
        const wanted = traces.map(recordedSights);
        expect(withRanks(got, ourDaemons)).to.deep.equal(withRanks(wanted, recordedDaemons));
      } finally {
        for (const player of players) player.end();
      }
    });

    it(`${id}: recorded bytes are answered with the recorded bytes`, async () => {
      await answers(recording(id), networkEvents[id] ?? []);
    });
  }

  for (const [id, events] of Object.entries(flushNetworkEvents)) {
    it(`${id}: recorded bytes are answered with the recorded bytes`, async () => {
      await answers(inDaemonOrder(recording(id)), events);
    });
  }
});

/** Plays the recorded bytes of the clients, and compares what they get. */
async function answers(played: Recording, events: readonly NetworkEvent[]): Promise<void> {
  const { cluster } = await freshRig();
  await using barrier = await Barrier.raise(cluster);
  const { traces } = recording(played.id);
  const wantedOf = (trace: Trace): Buffer => Buffer.from(streamOf(trace, 'd2c'));
  const players = await replay(played, stageOf(cluster, barrier), wantedOf, (seq, all) =>
    happen(cluster, events, seq, async (frames) => {
      for (const { client, trace } of all) {
        const bytes = bytesOf(trace, frames[trace.id] ?? 0);
        const enough = (): boolean => (client?.received.length ?? 0) >= bytes;
        await eventually(enough, `${trace.id}: ${frames[trace.id]} frames`, LIMIT);
      }
    }),
  );
  for (const { number } of cluster.nodes) await barrier.pass(number);
  const received = (trace: Trace): Buffer =>
    players.find((player) => player.trace.id === trace.id)?.client?.received ?? Buffer.alloc(0);
  const wantedRank = ranked(
    traces.flatMap((trace) => idsIn(trace, wantedOf(trace))),
    recordedDaemons,
  );
  const gotRank = ranked(
    traces.flatMap((trace) => idsIn(trace, received(trace))),
    ourDaemons,
  );
  for (const { client } of players) client?.close();
  for (const trace of traces) {
    expect(canonical(trace, received(trace), gotRank).toString('hex'), trace.id).to.equal(
      canonical(trace, wantedOf(trace), wantedRank).toString('hex'),
    );
  }
}

/** What all clients of a run saw, with the ranks of group ids in the place of the ids. */
function withRanks(all: readonly (readonly ClientLog[])[], daemons: readonly number[]): object[][] {
  const rank = ranked(idsOf(all.flat()), daemons);
  return all.map((sights) => sights.map((seen) => ({ ...seen, id: seen.id && rank(seen.id) })));
}
