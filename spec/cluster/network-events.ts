/**
 * What happened to the network in the recordings of several daemons. A recording holds what the clients sent and got; when
 * its daemons were cut off follows from its `scenario` and `notes`, and is written down here.
 */

export interface NetworkEvent {
  /** The chunk in front of which it happens. */
  readonly before: number;
  /** Frames that each client has by then, by trace; so many that nothing of the old network is still on its way. */
  readonly after: Readonly<Record<string, number>>;
  /** Lines of `spec/support/cluster/faults.ts`; the nodes have the numbers of the daemons. */
  readonly faults: readonly string[];
  /** Frames that each client has when the daemons have noticed, and play goes on. */
  readonly until: Readonly<Record<string, number>>;
}

export const networkEvents: Readonly<Record<string, readonly NetworkEvent[]>> = {
  'three-daemons-order': [],
  // dmn3 was frozen, and what orders its messages with it: its client saw nothing of the partition until the merge. Here
  // these are two processes. Both are frozen, and the one that clients talk to wakes up when the other is back in the ring.
  'network-partition-and-merge': [
    {
      before: 26,
      after: { a1: 3, b1: 3, c1: 4 },
      faults: ['freeze sspd 3', 'freeze corosync 3'],
      until: { a1: 5, b1: 5, c1: 4 },
    },
    {
      before: 29,
      after: { a1: 6, b1: 6, c1: 4, nomemb: 1 },
      faults: ['thaw corosync 3', 'formed', 'thaw sspd 3'],
      until: { a1: 7, b1: 7, c1: 6, nomemb: 1 },
    },
  ],
  'network-two-sided-partition': [
    {
      before: 23,
      after: { a1: 3, b1: 2, c1: 1 },
      faults: ['split 1,2 3'],
      until: { a1: 5, b1: 4, c1: 3 },
    },
    {
      before: 27,
      after: { a1: 6, b1: 5, c1: 4, c2: 1 },
      faults: ['heal'],
      until: { a1: 7, b1: 6, c1: 5, c2: 2 },
    },
  ],
};

/** The same of the recordings of the flush library, by the places of `inDaemonOrder`. What was sent into a cut comes behind it here. */
export const flushNetworkEvents: Readonly<Record<string, readonly NetworkEvent[]>> = {
  // The clients died of the first view of the network; here they are killed then.
  'flush-network-crash': [
    {
      before: 24,
      after: { anna: 18, bert: 15, carl: 10 },
      faults: ['split 1,2 3'],
      until: { anna: 20, bert: 17, carl: 12 },
    },
  ],
  'flush-network-partition': [
    {
      before: 24,
      after: { anna: 18, bert: 16, carl: 10 },
      faults: ['split 1,2 3'],
      until: { anna: 20, bert: 18, carl: 12 },
    },
    {
      before: 34,
      after: { anna: 26, bert: 24, carl: 16 },
      faults: ['heal'],
      until: { anna: 27, bert: 25, carl: 17 },
    },
    {
      before: 42,
      after: { anna: 35, bert: 33, carl: 25 },
      faults: ['kill sspd 3'],
      until: { anna: 37, bert: 35, carl: 25 },
    },
  ],
};
