/** Bugs with resumable sessions that are planted in the worlds of the core and in those of the client library. */
import { StateExchange } from '../../../daemon/core/exchange.js';
import type { Request } from '../../../daemon/core/request.js';
import { Resumption } from '../../../daemon/core/resumption.js';
import type { SessionRecords } from '../../../daemon/core/session-records.js';
import { parsePrivateGroup, readName } from '../../../lib/wire/name.js';
import { replace } from './planted.js';

/** A daemon forgets by its own clock. */
export const forgetAlone = (): (() => void) =>
  replace(Resumption, 'sweep', (original) => (self, now, window) => {
    const { records, host } = self as { records: SessionRecords; host: { order: () => void } };
    const { order } = host;
    host.order = () => undefined;
    const old = [...records.values()].filter(({ idleSince }) => idleSince >= 0);
    original(self, now, window);
    host.order = order;
    for (const record of old)
      if ((now as number) - record.idleSince > (window as number)) records.delete(record);
  });

/** One past is taken to mean that no return waits elsewhere. */
export const overlookWaitingReturns = (): (() => void) =>
  replace(StateExchange, 'requests', (original) => (self) => {
    const { isOnePast } = self as StateExchange;
    const { here, reporters } = self as { here: number; reporters: readonly { name: string }[] };
    const isOwn = ({ sender }: Request): boolean =>
      parsePrivateGroup(readName(sender, 0))?.daemon === reporters[here]?.name;
    return (original(self) as Request[]).filter(
      (each) => !isOnePast || each.told === undefined || isOwn(each),
    );
  });
