/**
 * The daemon's half of the handshake as a state machine: bytes in, bytes out [session 3]. It waits for
 * missing bytes and takes pipelined ones, unlike Spread 5.0.1 [session 13].
 */
import { Buffer } from '#buffer';
import { IllegalStateError } from '../../errors.js';
import { REJECT_AUTH, REJECT_NOT_UNIQUE } from '../codes.js';
import { EXTENSION_METHOD } from '../extension/features.js';
import { type Hello, readHello } from '../extension/hello.js';
import { type Welcome, encodeWelcome } from '../extension/welcome.js';
import { MAX_AUTH_LIST } from '../limits.js';
import { encodeAccept, encodeCode } from './accept.js';
import {
  CHOICE_BYTES,
  CREDENTIALS_BYTES,
  type Credentials,
  METHODS,
  type Method,
  encodeMethodList,
  methodListBytes,
  readCredentials,
  readMethodChoice,
} from './authentication.js';
import {
  type ConnectRequest,
  FIRST_WITH_METHODS,
  readConnectRequest,
  versionNumber,
} from './connect-request.js';

/** The rules of a daemon for one handshake. */
export interface HandshakePolicy {
  /** Methods in the list, at most three. */
  readonly allowed: readonly string[];
  /** Run for everybody, listed or not. */
  readonly required: readonly string[];
  /**
   * Takes a private name, from here until the session's disconnect is ordered; makes one up when it is empty.
   * Returns the private group, the code that refuses it, or null while the name belongs to a session that is ending.
   * @param hello of a client that has chosen the extension; else null
   * @param user that a dialogue proved; empty without one
   */
  reserve(request: ConnectRequest, hello: Hello | null, user: string): string | number | null;
  /** Whether the peer passes a method without a dialogue: NULL or IP. */
  passes(method: string): boolean;
  /** For clients that know the extension; null, or none, for a daemon that does not offer it. */
  readonly extension?:
    | {
        /** What the daemon grants a client with this name, which a dialogue proved to be this user. */
        welcome(hello: Hello, privateGroup: string, user: string): Welcome;
      }
    | null
    | undefined;
}

/** What to do after some bytes of the client. */
export type ServerStep =
  | {
      /** More bytes of the client are needed. */
      readonly kind: 'more';
      /** Bytes for the client, or null. */
      readonly write: Buffer | null;
    }
  | {
      /** The name is about to be free; the caller calls `nameFreed`, or `nameKept` when that takes too long. */
      readonly kind: 'name';
      /** Bytes for the client, or null. */
      readonly write: Buffer | null;
    }
  | {
      /** A dialogue brought credentials; the caller checks them and calls `verified`. */
      readonly kind: 'verify';
      /** Bytes for the client, or null. */
      readonly write: Buffer | null;
      /** What the client sent. */
      readonly credentials: Credentials;
    }
  | {
      /** The session is open. */
      readonly kind: 'accepted';
      /** Bytes for the client. */
      readonly write: Buffer;
      /** The first bytes of the client. */
      readonly request: ConnectRequest;
      /** The private group of the session, `#name#daemon`. */
      readonly privateGroup: string;
      /** The user that a dialogue proved; empty without one. */
      readonly user: string;
      /** What was agreed of the extension; null in a plain session. */
      readonly extension: {
        /** What the client wants. */
        readonly hello: Hello;
        /** What it was granted. */
        readonly welcome: Welcome;
      } | null;
      /** Bytes behind the handshake: the first frames. */
      readonly rest: Buffer;
    }
  | {
      /** There is no session; the connection is to be closed. */
      readonly kind: 'rejected';
      /** Bytes for the client. */
      readonly write: Buffer;
      /** Why, as in `codes`: below zero. */
      readonly code: number;
    };

/** The one method with a dialogue. */
const DIALOGUE: Method = 'PWORD';

type Stage =
  | 'request'
  | 'name'
  | 'list'
  | 'choice'
  | 'methods'
  | 'verify'
  | 'hello'
  | 'welcome'
  | 'accepted'
  | 'rejected';

/**
 * The daemon's side of the handshake: push the bytes of the client into it, and do what each step says [session
 * 3].
 */
export class ServerHandshake {
  private bytes: Buffer = Buffer.alloc(0);
  /** What is to be written with the next step. */
  private out: Buffer[] = [];
  private stage: Stage = 'request';
  private request!: ConnectRequest;
  private privateGroup = '';
  /**
   * Methods that have not run, in their order. All run, also after a failure; the verdict comes at the end
   * [session 3.5].
   */
  private methods: string[] = [];
  private failed = false;
  private user = '';
  /**
   * A name is checked before the list; of a client that knows the extension later, since one that comes back has a
   * session of that name: after HELLO, or after a choice without the extension.
   */
  private afterName: Stage = 'list';
  private takesExtension = false;
  private hello: Hello | null = null;

  constructor(private readonly policy: HandshakePolicy) {}

  /** The private group that was reserved, also when the handshake did not end well; empty before that. */
  get reserved(): string {
    return this.privateGroup;
  }

  /** Whether its name is not free yet: the last step was of kind `name`. */
  get awaitsName(): boolean {
    return this.stage === 'name';
  }

  /**
   * Takes the next bytes, cut anywhere. What comes behind a rejection is ignored; what comes while credentials are
   * checked, or the name is not free, is kept, so the caller should not read much meanwhile.
   * @throws FrameFault for an invalid HELLO, as `verified` does: the client is to be cut off
   */
  push(chunk: Buffer): ServerStep {
    if (this.stage === 'accepted') throw new IllegalStateError('the handshake is over');
    if (this.stage !== 'rejected') this.bytes = Buffer.concat([this.bytes, chunk]);
    return this.advance();
  }

  /** The answer to a step of kind `verify`. */
  verified(isGood: boolean): ServerStep {
    if (this.stage !== 'verify') throw new IllegalStateError(`expected the step verify, got ${this.stage}`);
    this.out.push(Buffer.from([isGood ? 1 : 0]));
    this.failed ||= !isGood;
    this.stage = 'methods';
    return this.advance();
  }

  /** After a step of kind `name`: somebody's name has become free, perhaps this one. Leads to that step again if not. */
  nameFreed(): ServerStep {
    this.expectWait();
    return this.advance();
  }

  /** After a step of kind `name`: the wait is over. */
  nameKept(): ServerStep {
    this.expectWait();
    return this.reject(REJECT_NOT_UNIQUE);
  }

  private expectWait(): void {
    if (!this.awaitsName) throw new IllegalStateError(`expected the step name, got ${this.stage}`);
  }

  /** Continues until bytes are missing or something is to be decided. */
  private advance(): ServerStep {
    for (;;) {
      const step = this.step();
      if (step) return step;
    }
  }

  /** One stage; null when the next one can follow at once. */
  private step(): ServerStep | null {
    switch (this.stage) {
      case 'request':
        return this.takeRequest();
      case 'name':
        return this.takeName();
      case 'list':
        return this.list();
      case 'choice':
        return this.takeChoice();
      case 'methods':
        return this.runMethod();
      case 'hello':
        return this.takeHello();
      case 'welcome':
        return this.accept();
      default:
        return this.more();
    }
  }

  private takeRequest(): ServerStep | null {
    const read = readConnectRequest(this.bytes);
    if (read === null) return this.more();
    if (typeof read === 'number') return this.reject(read);
    this.request = read.request;
    this.bytes = this.bytes.subarray(read.length);
    this.stage = this.offersExtension ? 'list' : 'name';
    return null;
  }

  /** Whether the word of the extension stands in the list. */
  private get offersExtension(): boolean {
    const { offers, version } = this.request;
    if (!offers || !this.policy.extension || versionNumber(version) < FIRST_WITH_METHODS) return false;
    const { allowed } = this.policy;
    return allowed.length > 0 && methodListBytes([...allowed, EXTENSION_METHOD]) <= MAX_AUTH_LIST;
  }

  private takeName(): ServerStep | null {
    const group = this.policy.reserve(this.request, this.hello, this.user);
    if (group === null) return { kind: 'name', write: this.written() };
    if (typeof group === 'number') return this.reject(group);
    this.privateGroup = group;
    this.stage = this.afterName;
    return null;
  }

  private list(): ServerStep | null {
    if (versionNumber(this.request.version) < FIRST_WITH_METHODS) return this.takeOldClient();
    const { allowed } = this.policy;
    this.out.push(encodeMethodList(this.offersExtension ? [...allowed, EXTENSION_METHOD] : allowed));
    if (allowed.length === 0) return this.reject(REJECT_AUTH);
    this.stage = 'choice';
    return null;
  }

  /**
   * Clients without the exchange: the IP check if IP is allowed, else in if NULL is allowed, else out [session 3.8].
   * Required methods run for them too; they cannot hold a dialogue, so a required one refuses them.
   */
  private takeOldClient(): ServerStep | null {
    const { allowed, required } = this.policy;
    const method = ['IP', 'NULL'].find((each) => allowed.includes(each));
    if (method === undefined || required.includes(DIALOGUE)) return this.reject(REJECT_AUTH);
    return this.run([method]);
  }

  private takeChoice(): ServerStep | null {
    if (this.bytes.length < CHOICE_BYTES) return this.more();
    const words = readMethodChoice(this.bytes);
    this.bytes = this.bytes.subarray(CHOICE_BYTES);
    this.takesExtension = this.offersExtension && words.includes(EXTENSION_METHOD);
    const chosen = this.takesExtension ? words.filter((word) => word !== EXTENSION_METHOD) : words;
    const isLegal = chosen.length > 0 && chosen.every((method) => this.policy.allowed.includes(method));
    if (!isLegal) return this.reject(REJECT_AUTH);
    this.run(chosen);
    if (this.offersExtension && !this.takesExtension) {
      this.afterName = this.stage;
      this.stage = 'name';
    }
    return null;
  }

  /** Chosen methods in slot order, then every required one not chosen. */
  private run(chosen: readonly string[]): null {
    const required = METHODS.filter((method) => this.policy.required.includes(method));
    this.methods = [...new Set([...chosen, ...required])];
    this.stage = 'methods';
    return null;
  }

  private runMethod(): ServerStep | null {
    const [method] = this.methods;
    if (method === undefined) return this.methodsDone();
    if (method === DIALOGUE) return this.takeCredentials();
    this.methods.shift();
    if (!this.policy.passes(method)) this.failed = true;
    return null;
  }

  private methodsDone(): ServerStep | null {
    if (this.failed) return this.reject(REJECT_AUTH);
    if (!this.takesExtension) return this.accept();
    this.stage = 'hello';
    return null;
  }

  /** @throws FrameFault the client is to be cut off without an answer */
  private takeHello(): ServerStep | null {
    try {
      const read = readHello(this.bytes);
      if (read === null) return this.more();
      this.hello = read.hello;
      this.bytes = this.bytes.subarray(read.length);
    } catch (error) {
      this.stage = 'rejected';
      throw error;
    }
    this.afterName = 'welcome';
    this.stage = 'name';
    return null;
  }

  private takeCredentials(): ServerStep {
    if (this.bytes.length < CREDENTIALS_BYTES) return this.more();
    const credentials = readCredentials(this.bytes);
    this.bytes = this.bytes.subarray(CREDENTIALS_BYTES);
    this.methods.shift();
    this.user = credentials.user;
    this.stage = 'verify';
    return { kind: 'verify', write: this.written(), credentials };
  }

  private accept(): ServerStep {
    this.stage = 'accepted';
    const { request, privateGroup, user, bytes: rest } = this;
    const extension = this.extend();
    this.out.push(encodeAccept(request.version, privateGroup));
    return { kind: 'accepted', write: Buffer.concat(this.out), request, privateGroup, user, extension, rest };
  }

  /** WELCOME comes before the accept. */
  private extend(): { hello: Hello; welcome: Welcome } | null {
    const { hello, policy, privateGroup, user } = this;
    if (hello === null || !policy.extension) return null;
    const welcome = policy.extension.welcome(hello, privateGroup, user);
    this.out.push(encodeWelcome(welcome));
    return { hello, welcome };
  }

  private reject(code: number): ServerStep {
    this.stage = 'rejected';
    this.out.push(encodeCode(code));
    const write = Buffer.concat(this.out);
    this.out = [];
    return { kind: 'rejected', write, code };
  }

  private more(): ServerStep {
    return { kind: 'more', write: this.written() };
  }

  private written(): Buffer | null {
    if (this.out.length === 0) return null;
    const write = Buffer.concat(this.out);
    this.out = [];
    return write;
  }
}
