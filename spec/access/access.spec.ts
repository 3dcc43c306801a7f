import { expect } from 'chai';
import { Access, type AccessRules, type Method, openAccess } from '../../daemon/access/access.js';
import { IpRules, type Origin } from '../../daemon/access/ip-rules.js';
import { hashPassword, Passwords } from '../../daemon/access/passwords.js';
import { Permissions } from '../../daemon/access/permissions.js';

const local: Origin = { unix: true };
const far: Origin = { unix: false, address: '192.0.2.7' };
const nobody = (): number => -1;

const listed = (rules: Partial<AccessRules>, isExposed: boolean): readonly string[] =>
  new Access({ ...openAccess, ...rules }).policyFor({ origin: isExposed ? far : local, isExposed }, nobody)
    .allowed;

const ALL: readonly Method[] = ['PWORD', 'IP', 'NULL'];

describe('access: policy of a connection', () => {
  it('offers the allowed methods in the order of the protocol', () => {
    expect(listed({ allowed: ALL }, false)).to.deep.equal(['NULL', 'IP', 'PWORD']);
    expect(listed({ allowed: ['PWORD', 'NULL'] }, false)).to.deep.equal(['NULL', 'PWORD']);
  });

  it('names a method once', () => {
    expect(listed({ allowed: ['IP', 'IP'] }, false)).to.deep.equal(['IP']);
  });

  it('offers no PWORD where the password could be read on its way', () => {
    expect(listed({ allowed: ALL }, true)).to.deep.equal(['NULL', 'IP']);
    expect(listed({ allowed: ['PWORD'] }, true)).to.deep.equal([]);
  });

  it('offers nothing there when PWORD is required', () => {
    expect(listed({ allowed: ALL, required: ['PWORD'] }, true)).to.deep.equal([]);
    expect(listed({ allowed: ['NULL'], required: ['PWORD'] }, true)).to.deep.equal([]);
    expect(listed({ allowed: ['NULL'], required: ['PWORD'] }, false)).to.deep.equal(['NULL']);
  });

  it('offers PWORD everywhere when passwords may be readable', () => {
    const rules = { allowed: ALL, required: ['PWORD'], cleartextPasswords: true } as const;
    expect(listed(rules, true)).to.deep.equal(['NULL', 'IP', 'PWORD']);
  });

  it('asks nothing more of a client with a token', () => {
    const access = new Access({ ...openAccess, allowed: ['PWORD'], required: ['PWORD', 'IP'] });
    const policy = access.policyFor({ origin: far, isExposed: true, subject: 'anna' }, nobody);
    expect([policy.allowed, policy.required, policy.passes('NULL'), policy.passes('IP')]).to.deep.equal([
      ['NULL'],
      [],
      true,
      false,
    ]);
    expect(access.policyFor({ origin: far, isExposed: true, subject: null }, nobody).allowed).to.deep.equal(
      [],
    );
  });

  it('runs what is required, listed or not', () => {
    const access = new Access({ ...openAccess, required: ['IP'] });
    expect(access.policyFor({ origin: local, isExposed: false }, nobody).required).to.deep.equal(['IP']);
  });

  it('passes NULL always, IP by its rules, and never PWORD', () => {
    const access = new Access({ ...openAccess, ip: IpRules.parse('192.0.2.0/24', 'rules') });
    const passed = (origin: Origin): readonly string[] =>
      ['NULL', 'IP', 'PWORD', 'FOO'].filter((method) =>
        access.policyFor({ origin, isExposed: false }, nobody).passes(method),
      );
    expect(passed(far)).to.deep.equal(['NULL', 'IP']);
    expect(passed(local)).to.deep.equal(['NULL']);
  });

  it('asks for the name where the rule says so', () => {
    const policy = new Access(openAccess).policyFor(
      { origin: local, isExposed: false },
      ({ name }) => `#${name}#d`,
    );
    expect(
      policy.reserve(
        {
          version: { major: 5, minor: 0, patch: 1 },
          membership: true,
          priority: 0,
          name: 'bob',
          offers: false,
        },
        null,
        '',
      ),
    ).to.equal('#bob#d');
  });

  it('checks credentials against the passwords', async () => {
    const passwords = Passwords.parse(`alice:${await hashPassword('secret')}`, 'passwords');
    const access = new Access({ ...openAccess, passwords });
    expect(await access.verify({ user: 'alice', password: 'secret' })).to.equal(true);
    expect(await access.verify({ user: 'alice', password: 'wrong' })).to.equal(false);
  });

  it('permits everything without permissions', () => {
    expect(new Access(openAccess).permitOf(['alice'])).to.equal(null);
  });

  it('permits by the permissions when there are some', () => {
    const permissions = Permissions.parse('alice join a', 'groups');
    const access = new Access({ ...openAccess, permissions });
    expect(access.permitOf(['alice'])?.('join', 'a')).to.equal(true);
    expect(access.permitOf([])?.('join', 'a')).to.equal(false);
  });
});
