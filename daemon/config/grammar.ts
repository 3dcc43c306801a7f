/** Tokens into a syntax tree, by the grammar of [daemon 4.2]: recursive descent, one method a rule. */
import { didYouMean } from '../../lib/util/option-errors.js';
import { canonicalAddress, familyOf, looksLikeIPv4 } from './address.js';
import { ConfigurationError, type Position, show } from './error.js';
import { type Token, type TokenKind, tokenize } from './lexer.js';
import { MAX_DIGITS, MAX_PORT } from './limits.js';
import { type OptionName, formOf, isOptionName, optionNames } from './options.js';
import {
  type AddressNode,
  type DaemonNode,
  type InterfaceNode,
  type InterfaceRole,
  type OptionNode,
  SEGMENT,
  type SegmentNode,
  type SyntaxTree,
  VIRTUAL_ID,
  isKeyword,
  isStatementKeyword,
  isUse,
} from './syntax.js';
import { type Literal, readNumber } from './values.js';

/** @throws ConfigurationError at the first word that does not fit */
export const parseSyntax = (text: string, file: string): SyntaxTree =>
  new Parser(tokenize(text, file), file).file();

class Parser {
  #next = 0;

  constructor(
    readonly tokens: readonly Token[],
    readonly name: string,
  ) {}

  /** `{ segment | option }` */
  file(): SyntaxTree {
    const segments: SegmentNode[] = [];
    const options: OptionNode[] = [];
    while (!this.#at('end')) {
      const token = this.#take();
      const { kind, text, position } = token;
      if (kind === 'word' && text === SEGMENT) segments.push(this.#segment(position));
      else if (kind === 'word' && isOptionName(text)) options.push(this.#option(text, position));
      else this.#unknownStatement(token);
    }
    return { segments, options, end: this.#peek().position };
  }

  /** `segaddr { ipaddr } "{" { daemon } "}"` */
  #segment(position: Position): SegmentNode {
    const first = this.#segmentAddress();
    const addresses = [first.address];
    while (!this.#at('{')) addresses.push(this.#address('an address or "{"'));
    this.#take();
    const daemons: DaemonNode[] = [];
    while (!this.#at('}')) daemons.push(this.#daemon());
    this.#take();
    return { position, addresses, port: first.port, daemons };
  }

  /** `ipaddr | ipv4 ":" port | "[" ipv6 "]" ":" port` */
  #segmentAddress(): { address: AddressNode; port: number } {
    const { kind, text, position } = this.#peek();
    if (kind === '[') {
      this.#take();
      const address = this.#address('an IPv6 address');
      if (address.family !== 6) this.#fail('only an IPv6 address stands in brackets', address.position);
      this.#expect(']', '"]"');
      const port = this.#expect('word', '":" and a port');
      if (!port.text.startsWith(':'))
        this.#fail(`expected ":" and a port, found ${show(port.text)}`, port.position);
      return { address, port: this.#port(port.text.slice(1), port.position) };
    }
    const [, host, port] = (kind === 'word' && /^([\d.]+):(.*)$/s.exec(text)) || [];
    if (host === undefined || port === undefined || familyOf(host) !== 4) {
      return { address: this.#address('the address of the segment'), port: 0 };
    }
    this.#take();
    return {
      address: { position, written: host, address: host, family: 4 },
      port: this.#port(port, position),
    };
  }

  /** `who [ "VirtualID" "=" number ] [ "{" iface { iface } "}" ] [ ";" ]` */
  #daemon(): DaemonNode {
    const who = this.#who();
    const virtualId = this.#atWord(VIRTUAL_ID) ? this.#virtualId() : undefined;
    const interfaces = this.#at('{') ? this.#interfaces() : undefined;
    if (this.#at(';')) this.#take();
    return { ...who, virtualId, interfaces };
  }

  /** `name ipaddr | name | ipaddr`. A name takes the address behind it, even on the next line. */
  #who(): Pick<DaemonNode, 'position' | 'name' | 'quoted' | 'address'> {
    const { kind, text, position } = this.#peek();
    if (this.#atAddress())
      return { position, name: undefined, quoted: false, address: this.#address('an address') };
    if (kind !== 'word' && kind !== 'string') this.#unexpected('a daemon or "}"');
    if (kind === 'word' && isKeyword(text)) {
      this.#fail(`${text} is a keyword: a daemon of this name is written in quotes`, position);
    }
    if (kind === 'word' && text.startsWith(`${VIRTUAL_ID}=`)) this.#blanksRequired(position);
    this.#take();
    const address = this.#atAddress() ? this.#address('an address') : undefined;
    return { position, name: text, quoted: kind === 'string', address };
  }

  #virtualId(): { position: Position; value: number } {
    this.#take();
    this.#expect('=', `"=" after ${VIRTUAL_ID}`);
    const { text, position } = this.#expect('word', 'a number');
    return { position, value: this.#number(text, position) };
  }

  /** `"{" iface { iface } "}"`, an iface being `{ "D" | "C" | "M" } ipaddr` */
  #interfaces(): InterfaceNode[] {
    this.#take();
    const interfaces: InterfaceNode[] = [];
    do {
      const uses: InterfaceRole[] = [];
      for (let use = this.#use(); use !== undefined; use = this.#use()) uses.push(use);
      interfaces.push({ uses, address: this.#address('D, C, M or the address of an interface') });
    } while (!this.#at('}'));
    this.#take();
    return interfaces;
  }

  #use(): InterfaceRole | undefined {
    const { kind, text } = this.#peek();
    if (kind !== 'word' || !isUse(text)) return undefined;
    this.#take();
    return text;
  }

  /** `Keyword "=" value | flag-keyword` */
  #option(name: OptionName, position: Position): OptionNode {
    const form = formOf(name);
    if (form === 'flag' || (form === 'flag or value' && !this.#at('='))) {
      if (this.#at('=')) this.#fail(`${name} takes no value`, this.#peek().position);
      return { position, name, value: true, valuePosition: position };
    }
    this.#expect('=', `"=" after ${name}`);
    const valuePosition = this.#peek().position;
    return { position, name, value: form === 'list' ? this.#list(name) : this.#value(name), valuePosition };
  }

  #list(name: OptionName): Literal[] {
    this.#expect('{', `"{" and the list of ${name}`);
    const words: Literal[] = [];
    while (!this.#at('}')) words.push(this.#listed(name));
    this.#take();
    return words;
  }

  /** `[ "!" ] word`: the mark may stand free, as it does in the sample file of Spread. */
  #listed(name: OptionName): Literal {
    const word = this.#value(name);
    if (word.quoted || word.text !== '!' || this.#at('}')) return word;
    const { text, quoted } = this.#value(name);
    return { text: `!${text}`, quoted };
  }

  #value(name: OptionName): Literal {
    const { kind, text } = this.#peek();
    if (kind !== 'string' && (kind !== 'word' || isStatementKeyword(text)))
      this.#unexpected(`a value for ${name}`);
    this.#take();
    return { text, quoted: kind === 'string' };
  }

  /** Whether an address comes, or what cannot be anything else. */
  #atAddress(): boolean {
    const { kind, text } = this.#peek();
    return kind === '[' || (kind === 'word' && (familyOf(text) !== undefined || looksLikeIPv4(text)));
  }

  #address(expected: string): AddressNode {
    if (this.#at('['))
      this.#fail('no port and no brackets here: only the first address of a segment has a port');
    const { text: written, position } = this.#expect('word', expected);
    const family = familyOf(written);
    if (family !== undefined) {
      if (written.includes('%')) this.#fail(`${show(written)} has a zone, which is not supported`, position);
      return { position, written, address: canonicalAddress(written), family };
    }
    if (!looksLikeIPv4(written)) return this.#fail(`expected ${expected}, found ${show(written)}`, position);
    const [host = '', rest] = written.split(/[:;]/);
    if (rest === undefined || familyOf(host) === undefined)
      this.#fail(`${show(written)} is not an address`, position);
    if (written[host.length] === ';')
      this.#fail(`a blank is missing before ";" in ${show(written)}`, position);
    return this.#fail(`${show(written)}: only the first address of a segment has a port`, position);
  }

  #port(text: string, position: Position): number {
    const port = this.#number(text, position);
    if (port > MAX_PORT) this.#fail(`the port ${port} is more than ${MAX_PORT}`, position);
    return port;
  }

  #number(text: string, position: Position): number {
    return (
      readNumber(text) ??
      this.#fail(`expected a number of at most ${MAX_DIGITS} digits, found ${show(text)}`, position)
    );
  }

  #peek(): Token {
    const token = this.tokens[this.#next];
    if (!token) throw new RangeError('read past the end of the configuration');
    return token;
  }

  #at(kind: TokenKind): boolean {
    return this.#peek().kind === kind;
  }

  #atWord(word: string): boolean {
    return this.#at('word') && this.#peek().text === word;
  }

  #take(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#next += 1;
    return token;
  }

  #expect(kind: TokenKind, expected: string): Token {
    return this.#at(kind) ? this.#take() : this.#unexpected(expected);
  }

  #unknownStatement(token: Token): never {
    const { kind, text, position } = token;
    const [before = ''] = text.split('=');
    if (kind === 'word' && before !== text && isOptionName(before)) this.#blanksRequired(position);
    const meant = kind === 'word' ? didYouMean(before, [SEGMENT, ...optionNames]) : '';
    return this.#fail(`expected ${SEGMENT} or an option, found ${shown(token)}${meant}`, position);
  }

  #blanksRequired(position: Position): never {
    return this.#fail('blanks are required around "="', position);
  }

  #unexpected(expected: string): never {
    return this.#fail(`expected ${expected}, found ${shown(this.#peek())}`);
  }

  #fail(problem: string, position: Position = this.#peek().position): never {
    throw new ConfigurationError(problem, this.name, position);
  }
}

function shown({ kind, text }: Token): string {
  if (kind === 'end') return 'the end of the file';
  return kind === 'string' ? `${show(text)} in quotes` : show(text);
}
