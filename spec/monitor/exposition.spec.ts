import { expect } from 'chai';
import { exposition } from '../../daemon/monitor/exposition.js';

describe('monitor: the text form of Prometheus', () => {
  it('has help, kind and one line for each series', () => {
    const samples = [
      { labels: { code: 'a', by: 'b' }, value: 1 },
      { labels: { code: 'c', by: '' }, value: 0.25 },
    ];
    expect(
      exposition([
        { name: 'x_total', help: 'All of them.', kind: 'counter', samples },
        { name: 'y', help: 'Now.', kind: 'gauge', samples: [{ value: -3 }] },
      ]),
    ).to.equal(
      [
        '# HELP x_total All of them.',
        '# TYPE x_total counter',
        'x_total{code="a",by="b"} 1',
        'x_total{code="c",by=""} 0.25',
        '',
        '# HELP y Now.',
        '# TYPE y gauge',
        'y -3',
        '',
      ].join('\n'),
    );
  });

  it('escapes what would end a label or a line', () => {
    const samples = [{ labels: { name: 'a\\b"c\nd' }, value: 1 }];
    expect(exposition([{ name: 'x', help: 'one\\two\n"three"', kind: 'gauge', samples }])).to.equal(
      '# HELP x one\\\\two\\n"three"\n# TYPE x gauge\nx{name="a\\\\b\\"c\\nd"} 1\n',
    );
  });

  it('writes numbers that are none of JSON, and whole ones without a point', () => {
    const samples = [Infinity, -Infinity, NaN, 1e21, 9007199254740991].map((value) => ({ value }));
    const lines = exposition([{ name: 'x', help: '', kind: 'gauge', samples }])
      .trim()
      .split('\n')
      .slice(2);
    expect(lines).to.deep.equal(['x +Inf', 'x -Inf', 'x NaN', 'x 1e+21', 'x 9007199254740991']);
  });

  it('announces a metric without series', () => {
    expect(exposition([{ name: 'x', help: 'None yet.', kind: 'counter', samples: [] }], 'a_')).to.equal(
      '# HELP a_x None yet.\n# TYPE a_x counter\n',
    );
  });
});
