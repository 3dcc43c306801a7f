import { expect } from 'chai';
import type { DaemonId, View } from '../../../daemon/engine/port.js';
import type { EngineLog } from '../../../daemon/testing/network/engine-log.js';
import { engineViews } from './engine-views.js';

const daemon = (node: number): DaemonId => ({ node, pid: 1, inc: BigInt(node), name: `d${node}` });
const [one, two] = [daemon(1), daemon(2)];

function view(text: string, previous: string | null, ...sets: readonly (readonly DaemonId[])[]): View {
  const id = (name: string): View['id'] => ({ text: name, tag: BigInt(name) });
  const members = sets.flat().toSorted((a, b) => a.node - b.node);
  return { id: id(text), members, sets, previous: previous === null ? null : id(previous) };
}

/** One engine's log, a call for each entry. */
class Log implements EngineLog {
  readonly entries: EngineLog['entries'] = [];
  end: EngineLog['end'] = 'open';
  private index = 0;

  constructor(readonly self: DaemonId) {}

  view(given: View): this {
    this.index = 0;
    this.entries.push({ kind: 'view', view: given });
    for (const sender of given.members) this.got(sender, 0, { exchange: true });
    return this;
  }

  cut(previous: string, ...members: readonly DaemonId[]): this {
    this.entries.push({ kind: 'transitional', previous, members });
    return this;
  }

  stable(index: number): this {
    this.entries.push({ kind: 'stable', index });
    return this;
  }

  send(number: number): this {
    this.entries.push({ kind: 'send', id: `d${this.self.node}.${number}`, safe: false, exchange: false });
    return this;
  }

  got(
    sender: DaemonId,
    number: number,
    kind: { safe?: boolean; exchange?: boolean; index?: number } = {},
  ): this {
    const { safe = false, exchange = false, index = this.index + 1 } = kind;
    this.index = index;
    const present = this.entries.findLast((entry) => entry.kind === 'view');
    const id = exchange
      ? `report.${present?.view.id.text}.d${sender.node}.${number}`
      : `d${sender.node}.${number}`;
    this.entries.push({ kind: 'message', id, sender, index, safe, exchange });
    return this;
  }
}

/** Both engines in a view of both. */
function together(): [Log, Log] {
  return [new Log(one).view(view('1', null, [one], [two])), new Log(two).view(view('1', null, [two], [one]))];
}

const texts = (...logs: readonly EngineLog[]): string[] => engineViews(logs).map(({ text }) => text);

describe('simulation: what checks engines', () => {
  it('passes a partition with a merge', () => {
    const [a, b] = together();
    a.send(1)
      .got(one, 1)
      .cut('1', one)
      .view(view('2', '1', [one]))
      .cut('2', one)
      .view(view('4', '2', [one], [two]));
    b.got(one, 1)
      .cut('1', two)
      .view(view('3', '1', [two]))
      .cut('3', two)
      .view(view('4', '3', [two], [one]));
    expect(texts(a, b)).to.deep.equal([]);
  });

  it('finds one view with different members', () => {
    const a = new Log(one).view(view('1', null, [one], [two]));
    const b = new Log(two).view(view('1', null, [two]));
    expect(texts(a, b)[0]).to.include('at d1');
  });

  it('finds one view divided differently', () => {
    const a = new Log(one).view(view('1', null, [one, two]));
    const b = new Log(two).view(view('1', null, [two], [one]));
    expect(texts(a, b)).to.have.length(1);
  });

  it('finds a sender outside the view', () => {
    const a = new Log(one).view(view('1', null, [one])).got(two, 1);
    expect(texts(a)[0]).to.include('not a member');
  });

  it('finds two orders', () => {
    const [a, b] = together();
    a.got(one, 1).got(two, 1).send(1);
    b.send(1).got(two, 1).got(one, 1);
    expect(texts(a, b).some((text) => text.includes('another order'))).to.equal(true);
  });

  it('finds two payloads with one number', () => {
    const [a, b] = together();
    a.send(1).got(one, 1);
    b.send(1).got(two, 1);
    expect(texts(a, b)).to.have.length(1);
  });

  it('finds a payload that comes twice', () => {
    const [a, b] = together();
    a.send(1).got(one, 1).got(one, 1);
    expect(texts(a, b).some((text) => text.includes('twice'))).to.equal(true);
  });

  it('finds that an own payload does not come', () => {
    const [a, b] = together();
    a.send(1);
    expect(texts(a, b)[0]).to.include('never got its own');
  });

  it('finds payloads of one sender the wrong way round', () => {
    const [a, b] = together();
    a.got(two, 2).got(two, 1);
    expect(texts(a, b)[0]).to.include('too late');
  });

  it('finds companions with different payloads', () => {
    const [a, b] = together();
    a.send(1)
      .got(one, 1)
      .cut('1', one, two)
      .view(view('2', '1', [one, two]));
    b.cut('1', one, two).view(view('2', '1', [one, two]));
    expect(texts(a, b)[0]).to.include('go together');
  });

  it('finds a payload in two views', () => {
    const [a, b] = together();
    a.send(1)
      .got(one, 1)
      .cut('1', one)
      .view(view('2', '1', [one], [two]));
    b.cut('1', two)
      .view(view('2', '1', [two], [one]))
      .got(one, 1);
    expect(texts(a, b).some((text) => text.includes('and to'))).to.equal(true);
  });

  it('finds a payload that is said to be everywhere, and that one member that stays never gets', () => {
    for (const [index, count] of [
      [3, 1],
      [2, 0],
    ] as const) {
      const [a, b] = together();
      a.got(one, 1)
        .stable(index)
        .cut('1', one)
        .view(view('2', '1', [one], [two]));
      b.cut('1', two).view(view('2', '1', [two], [one]));
      expect(texts(a, b).filter((text) => text.includes('everywhere'))).to.have.length(count);
    }
  });

  it('finds a safe payload that one member that stays never gets', () => {
    const [a, b] = together();
    a.send(1)
      .got(one, 1, { safe: true })
      .cut('1', one)
      .view(view('2', '1', [one]));
    b.cut('1', two).view(view('3', '1', [two]));
    expect(texts(a, b)[0]).to.include('is missing');
  });

  it('finds a payload before all reports are in', () => {
    const a = new Log(one);
    a.entries.push({ kind: 'view', view: view('1', null, [one]) });
    a.send(1).got(one, 1);
    expect(texts(a)[0]).to.include('during the exchange');
  });

  it('finds a view without the transitional event before it', () => {
    const a = new Log(one).view(view('1', null, [one])).view(view('2', '1', [one]));
    expect(texts(a)[0]).to.include('no transitional event');
  });

  it('finds another set than the transitional event told', () => {
    const [a] = together();
    a.cut('1', one).view(view('2', '1', [one, two]));
    expect(texts(a)[0]).to.include('another set');
  });

  it('finds a view that names another one as the one before', () => {
    const a = new Log(one)
      .view(view('1', null, [one]))
      .cut('1', one)
      .view(view('3', '2', [one]));
    expect(texts(a)[0]).to.include('not the one before');
  });
});
