/** Entries of a log in words. */
import type { Entry } from '../../daemon/testing/checks/log.js';
import { serviceName } from './services.js';

export function tellEntry(entry: Entry): string {
  switch (entry.kind) {
    case 'send':
      return `sends ${serviceName(entry.service)} ${entry.id} to ${entry.groups.join(' ')}`;
    case 'data':
      return `gets ${serviceName(entry.service)} ${entry.id} to ${entry.groups.join(' ')}`;
    case 'view': {
      const { group, cause, changed, members, sets, own, gid } = entry;
      const how =
        cause === 'network' ? sets.map((set, i) => setText(set, i === own)).join(' ') : (changed ?? '');
      return `view ${group} ${gid} ${cause} ${how}: ${members.join(' ')}`;
    }
    case 'transition':
      return `transition ${entry.group} ${entry.gid}`;
    case 'self-leave':
      return `has left ${entry.group}`;
    case 'disconnect':
      return 'disconnects';
    default:
      return `${entry.kind}s ${entry.group}`;
  }
}

const setText = (set: readonly string[], isOwn: boolean): string => `${isOwn ? '*' : ''}{${set.join(' ')}}`;
