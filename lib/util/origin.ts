/**
 * From which pages a browser may connect. A browser sends the origin of the page with the upgrade; a program that is no
 * browser sends none, and passes: who it is, its token says.
 */

/** Scheme, host and port of an origin. */
interface Origin {
  readonly scheme: string;
  readonly host: string;
  readonly port: string;
}

const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^\s/:@?#[\]]+)(?::(\d{1,5}))?$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };
const ANY_LABEL = '*.';

/** Undefined for what is none, as `null`, which is what a page without an origin sends. */
function readOrigin(text: string): Origin | undefined {
  const [, scheme, host, port] = ORIGIN.exec(text.toLowerCase()) ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  return { scheme, host, port: port ?? DEFAULT_PORTS[scheme] ?? '' };
}

/** Whether it can stand in the list: `same`, `*`, or an origin, whose first label may be `*`. */
export function isOriginRule(text: string): boolean {
  if (text === 'same' || text === '*') return true;
  const origin = readOrigin(text);
  if (!origin) return false;
  const { host } = origin;
  const rest = host.startsWith(ANY_LABEL) ? host.slice(ANY_LABEL.length) : host;
  return rest !== '' && !rest.includes('*');
}

export class Origins {
  private readonly isAny: boolean;
  private readonly isSame: boolean;
  private readonly listed: readonly Origin[];

  /** @param rules of which `isOriginRule` is true */
  constructor(rules: readonly string[]) {
    this.isAny = rules.includes('*');
    this.isSame = rules.includes('same');
    this.listed = rules.flatMap((rule) => readOrigin(rule) ?? []);
  }

  /**
   * @param origin the header `Origin`; undefined for a client that is no browser
   * @param host the header `Host`
   */
  allows(origin: string | undefined, host: string | undefined): boolean {
    if (origin === undefined || this.isAny) return true;
    const shown = readOrigin(origin);
    if (!shown) return false;
    if (this.isSame && host !== undefined && isSame(shown, readOrigin(`${shown.scheme}://${host}`)))
      return true;
    return this.listed.some((each) => covers(each, shown));
  }
}

const isSame = (a: Origin, b: Origin | undefined): boolean =>
  b !== undefined && a.scheme === b.scheme && a.host === b.host && a.port === b.port;

/** A wildcard stands for one label, as in certificates. */
function covers(rule: Origin, shown: Origin): boolean {
  if (!rule.host.startsWith(ANY_LABEL)) return isSame(rule, shown);
  const dot = shown.host.indexOf('.');
  if (dot <= 0) return false;
  return isSame(
    { ...rule, host: rule.host.slice(ANY_LABEL.length) },
    { ...shown, host: shown.host.slice(dot + 1) },
  );
}
