import { expect } from 'chai';
import { isOriginRule, Origins } from '../../../lib/util/origin.js';

describe('WebSocket: origins', () => {
  for (const [rules, origin, host, isAllowed] of [
    ['same', 'https://chat.example', 'chat.example', true],
    ['same', 'https://chat.example', 'chat.example:443', true],
    ['same', 'http://chat.example', 'chat.example:80', true],
    ['same', 'https://chat.example:4805', 'chat.example:4805', true],
    ['same', 'https://CHAT.example', 'chat.EXAMPLE', true],
    ['same', 'http://[2001:db8::1]:4805', '[2001:db8::1]:4805', true],
    ['same', 'https://chat.example', 'chat.example:4805', false],
    ['same', 'https://evil.example', 'chat.example', false],
    ['same', 'https://chat.example.evil.example', 'chat.example', false],
    ['same', 'https://chat.example@evil.example', 'chat.example', false],
    ['same', 'null', 'null', false],
    ['same', '', '', false],
    ['same', 'https://chat.example', undefined, false],
    ['same', 'https://chat.example', 'chat.example/x', false],
    ['*', 'https://evil.example', 'chat.example', true],
    ['*', 'null', 'chat.example', true],
    ['https://a.example', 'https://a.example', 'b.example', true],
    ['https://a.example', 'https://a.example:443', 'b.example', true],
    ['https://a.example', 'http://a.example', 'b.example', false],
    ['https://a.example', 'https://a.example:8443', 'b.example', false],
    ['https://a.example', 'https://b.example', 'b.example', false],
    ['https://*.example.com', 'https://a.example.com', 'x', true],
    ['https://*.example.com', 'https://example.com', 'x', false],
    ['https://*.example.com', 'https://b.a.example.com', 'x', false],
    ['https://*.example.com', 'https://.example.com', 'x', false],
    ['https://*.example.com', 'https://a.example.com.evil.example', 'x', false],
    ['https://*.example.com:8443', 'https://a.example.com:8443', 'x', true],
    ['capacitor://localhost', 'capacitor://localhost', 'x', true],
    ['capacitor://localhost', 'http://localhost', 'x', false],
    ['same https://a.example', 'https://a.example', 'b.example', true],
    ['same https://a.example', 'https://b.example', 'b.example', true],
  ] as const) {
    it(`"${rules}" ${isAllowed ? 'lets in' : 'keeps out'} ${origin} at ${host}`, () => {
      expect(new Origins(rules.split(' ')).allows(origin, host)).to.equal(isAllowed);
    });
  }

  it('let in whatever shows none', () => {
    expect(new Origins(['same']).allows(undefined, 'chat.example')).to.equal(true);
  });

  for (const rule of [
    '',
    'Same',
    'https://',
    'https://a/b',
    'https://*',
    'https://*.*',
    'https://a.*.b',
    '*.a',
    'a',
  ])
    it(`are not given as "${rule}"`, () => {
      expect(isOriginRule(rule)).to.equal(false);
    });
});
