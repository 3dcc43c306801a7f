import { expect } from 'chai';
import { MapChanges, MAX_WAITING_CHANGES } from '../../lib/cli/map-changes.js';

describe('command: the changes of a map', () => {
  it('begin with all of it, sorted by key', () => {
    const changes = new MapChanges(
      new Map<string, unknown>([
        ['b', 1],
        ['a', 2],
      ]),
      undefined,
    );
    const [first] = changes.take();
    expect(first).to.deep.equal({ kind: 'state', entries: { a: 2, b: 1 } });
    expect(first?.kind === 'state' && Object.keys(first.entries)).to.deep.equal(['a', 'b']);
    expect(changes.take()).to.deep.equal([]);
  });

  it('are those of one key where one is asked for', () => {
    const changes = new MapChanges(
      new Map<string, unknown>([
        ['a', 1],
        ['b', 2],
      ]),
      'b',
    );
    expect(changes.take()).to.deep.equal([{ kind: 'state', entries: { b: 2 } }]);
    changes.add('set', 'a', 3);
    changes.add('set', 'b', 4);
    changes.add('deleted', 'b', 4);
    expect(changes.take()).to.deep.equal([
      { kind: 'set', key: 'b', value: 4 },
      { kind: 'deleted', key: 'b', value: 4 },
    ]);
  });

  it('are all of it again when it may be different, and not what came before', () => {
    const map = new Map<string, unknown>();
    const changes = new MapChanges(map, undefined);
    changes.take();
    map.set('a', 1);
    changes.add('set', 'a', 1);
    changes.replaced();
    map.set('a', 2);
    changes.add('set', 'a', 2);
    expect(changes.take()).to.deep.equal([{ kind: 'state', entries: { a: 2 } }]);
  });

  it('become all of it when more wait than the limit', () => {
    const map = new Map<string, unknown>();
    const changes = new MapChanges(map, undefined);
    changes.take();
    for (let n = 0; n < MAX_WAITING_CHANGES; n++) changes.add('set', 'a', n);
    expect(changes.take()).to.have.length(MAX_WAITING_CHANGES);
    map.set('a', 'last');
    for (let n = 0; n <= MAX_WAITING_CHANGES; n++) changes.add('set', 'a', n);
    expect(changes.take()).to.deep.equal([{ kind: 'state', entries: { a: 'last' } }]);
  });
});
