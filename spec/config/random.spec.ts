import { expect } from 'chai';
import * as fc from 'fast-check';
import { ConfigurationError, selectOwn } from '../../daemon/config/index.js';
import { isKeyword } from '../../daemon/config/syntax.js';
import { optionNames } from '../../daemon/config/options.js';
import { parse, resolved } from './support.js';

/** A file with everything in it. Several words of it are enough to make most faults. */
const valid = `# all of it
ActiveIPVersion = IPv4
Spread_Segment 225.0.1.1:4803 10.0.0.255 {
  alpha 10.0.0.1 VirtualID = 5 { D 10.0.0.1 C M 127.0.0.1 } ;
  "INFO" 10.0.0.2 10.0.0.3
}
DebugFlags = { ALL !NETWORK }
EventTimeStamp EventLogFile = 'a b' MaxSessionMessages = 0 AllowedAuthMethods = "NULL"
`;
const words = [
  ...optionNames,
  'Spread_Segment',
  'VirtualID',
  ...valid.split(/\s+/),
  '[ff02::1]:9',
  '=',
  '\n',
  '"',
  '',
];

const quoted = (text: string): string => (text.includes('"') ? `'${text}'` : `"${text}"`);

/** Whether the text parses. Any other outcome than a configuration or a located, one-line refusal fails. */
function parses(text: string): boolean {
  try {
    const parsed = parse(text);
    expect(parsed.daemons.length).to.be.greaterThan(0);
    return true;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const lines = text.split('\n');
    expect(error.message).to.match(/^spread\.conf:\d+:\d+: [^\r\n]+$/);
    expect(error.line).to.be.within(1, lines.length);
    expect(error.column).to.be.within(1, (lines[(error.line ?? 0) - 1]?.length ?? 0) + 1);
    return false;
  }
}

const check = (texts: fc.Arbitrary<string>): void =>
  fc.assert(fc.property(texts, (text) => void parses(text)));

describe('configurations at random', () => {
  it('are refused with a ConfigurationError at a place in the text, whatever the text', () => {
    check(fc.string({ unit: 'binary', maxLength: 200 }));
    check(fc.string({ maxLength: 200 }));
    check(fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((list) => list.join(' ')));
  });

  it('are no worse when a valid file is changed anywhere', () => {
    expect(parses(valid)).to.equal(true);
    const place = fc.nat(valid.length);
    const insert = fc.oneof(fc.constantFrom(...words), fc.string({ maxLength: 5 }));
    check(
      fc
        .array(fc.tuple(place, fc.nat(12), insert), { minLength: 1, maxLength: 4 })
        .map((edits) =>
          edits.reduce((text, [at, cut, put]) => `${text.slice(0, at)}${put}${text.slice(at + cut)}`, valid),
        ),
    );
  });

  it('give back the names and addresses that were written', () => {
    const name = fc.stringMatching(/^[$-~]{1,19}$/);
    fc.assert(
      fc.property(
        fc.uniqueArray(
          name.filter((text) => !/".*'|'.*"/.test(text)),
          { minLength: 1 },
        ),
        (names) => {
          const lines = names.map((text, i) => `${quoted(text)} 10.0.0.${i + 1}`);
          const { daemons } = parse(`Spread_Segment 10.0.0.255 { ${lines.join('\n')} }`);
          expect(daemons.map((daemon) => daemon.name)).to.deep.equal(names);
        },
      ),
    );
  });

  it('read bare names like quoted ones, keywords excepted', () => {
    const bare = fc
      .stringMatching(/^[$-Za-z]{1,19}$/)
      .filter((text) => !/^['\d=;]|=|;/.test(text) && !isKeyword(text));
    fc.assert(
      fc.property(bare, (name) => {
        const [daemon] = parse(`Spread_Segment 10.0.0.255 { ${name} 10.0.0.1 }`).daemons;
        expect(daemon?.name).to.equal(name);
      }),
    );
  });

  it('refuse strange hosts and names', () => {
    const strangers = fc.array(fc.ipV4().filter((address) => address !== '10.0.0.1'));
    fc.assert(
      fc.property(strangers, fc.option(fc.string(), { nil: undefined }), (localAddresses, name) => {
        const file = resolved('Spread_Segment 10.0.0.255 { alpha 10.0.0.1 }');
        expect(() => selectOwn(file, { name, localAddresses })).to.throw(ConfigurationError);
      }),
    );
  });
});
