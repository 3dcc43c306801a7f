/**
 * A member with compact views beside a plain one of the same group, with the same changes by chance: all that they show has to
 * be equal. Where the daemon says something wrong on purpose, the member has to ask for the list, show the last right one
 * until the answer, and be right after it.
 */
import type { Buffer } from 'node:buffer';
import { isDeepStrictEqual } from 'node:util';
import type { ViewEvent } from '../../../lib/client/event.js';
import { EventReader } from '../../../lib/client/reader.js';
import { viewEvent } from '../../../lib/client/view-event.js';
import type { GroupFollower } from '../../../lib/client/views/follower.js';
import { Followers } from '../../../lib/client/views/followers.js';
import { ReceivedMessage } from '../../../lib/mailbox/received-message.js';
import { readToClient } from '../../../lib/wire/extension/read.js';
import { encodeSelfLeave } from '../../../lib/wire/membership.js';
import { Random } from '../../support/random.js';
import { GroupModel, type OneChange, OWN } from './group-model.js';
import { GROUP, listFrames, networkFrame, plainFirst, plainFrame, viewsFrame } from './model-frames.js';

export interface CompactWorldOptions {
  readonly steps: number;
  /** How many others are there at first, at most. */
  readonly others: number;
  /** How often the daemon says something wrong. */
  readonly faults: number;
  readonly onDemand: boolean;
}

/** A bug that is planted in what follows the group. */
export type Plant = (follower: GroupFollower) => void;

/** What the members of an event have to be: those of the plain one, others, or not known. */
type Members = 'right' | 'unlisted' | readonly string[];

interface Expected {
  readonly plain: ViewEvent;
  members: Members;
  /** What was known when it came: later, the newest one may get its list. */
  readonly first: Members;
  /** Whether the order of members had changed without a view: a plain member lists those who left in the old one. */
  readonly isAfterReorder: boolean;
}

export class CompactWorld {
  readonly violations: string[] = [];
  mismatches = 0;
  answers = 0;
  private readonly random: Random;
  private readonly model: GroupModel;
  private readonly plain = new EventReader(OWN);
  private readonly followers: Followers;
  private readonly follower: GroupFollower;
  private readonly expected: Expected[] = [];
  private readonly got: ViewEvent[] = [];
  private run: OneChange[] = [];
  /** What the views that come now show. */
  private now: Members = 'right';
  /** The newest list that was right. */
  private lastRight: readonly string[] = [];
  private isAsked = false;
  private isReordered = false;

  constructor(
    seed: number,
    private readonly options: CompactWorldOptions,
    plant?: Plant,
  ) {
    this.random = new Random(seed);
    this.model = new GroupModel(this.random.fork());
    this.followers = new Followers(OWN, {
      view: (view) => void this.got.push(viewEvent(view)),
      ask: () => void (this.isAsked = true),
      answered: () => void this.answers++,
      mismatch: () => void this.mismatches++,
    });
    this.followers.join(GROUP, !options.onDemand);
    this.follower = this.followers.get(GROUP) as GroupFollower;
    plant?.(this.follower);
  }

  play(): this {
    const { model, random, options } = this;
    model.begin(random.below(options.others + 1));
    this.first();
    for (let step = 0; step < options.steps; step++) this.step();
    this.flush();
    while (this.isAsked) this.answer();
    // What is left of a list ends with the next frame.
    this.run.push(model.change());
    this.flush();
    while (this.isAsked) this.answer();
    this.compare();
    return this;
  }

  private step(): void {
    const { model, random, options, follower } = this;
    if (random.chance(0.3)) this.flush();
    if (this.isAsked && random.chance(0.3)) this.answer();
    if (random.chance(0.1)) this.network();
    else if (random.chance(0.03)) this.leaveAndJoin();
    else if (random.chance(0.04)) this.reorder();
    else if (options.onDemand && random.chance(0.05)) {
      this.flush();
      if (!follower.isFollowed) follower.want();
    } else this.run.push(model.change());
  }

  // What the daemon sends.

  private first(): void {
    const { id, members } = this.model;
    const isBare = this.options.onDemand;
    this.now = isBare ? 'unlisted' : 'right';
    this.lastRight = members;
    this.expect(plainFirst(id, members));
    this.send(...listFrames(members, { id, cause: 'join', isBare }, this.random));
  }

  /** The run, as one frame or as several. */
  private flush(): void {
    const { random } = this;
    while (this.run.length > 0) {
      const changes = this.run.splice(0, 1 + random.below(this.run.length));
      const { cause, members } = changes.at(-1) as OneChange;
      const isWrong = this.now === 'right' && random.chance(this.options.faults);
      if (isWrong) this.now = this.lastRight;
      for (const change of changes) this.expect(plainFrame(change));
      if (this.now === 'right') this.lastRight = members;
      // The place of a record is wrong, or the hash is.
      const lie = random.chance(0.5) ? { hash: 1n } : { shift: cause === 'join' ? 10_000 : 1 };
      this.send(viewsFrame(changes, isWrong ? lie : {}));
    }
  }

  private network(): void {
    this.flush();
    const { model, random, options } = this;
    const change = model.network();
    const { id, members } = change;
    const isBare = this.now === 'unlisted';
    const isListed = change.isReordered || isBare;
    const isWrong = !isBare && random.chance(options.faults);
    const frames = listFrames(members, { id, cause: 'network', isBare }, random);
    if (isListed && !isBare) {
      this.now = isWrong && frames.length > 1 ? this.lastRight : 'right';
    } else if (this.now === 'right' && isWrong) this.now = this.lastRight;
    this.expect(plainFrame(change));
    if (this.now === 'right') this.lastRight = members;
    const lie = !isListed && isWrong ? 1n : 0n;
    this.send(networkFrame(change, { isWhole: random.chance(0.5), isListed, hash: lie }));
    if (isListed) this.send(...(isWrong && frames.length > 1 ? this.without(frames) : frames));
  }

  private answer(): void {
    this.flush();
    if (!this.isAsked) return;
    this.isAsked = false;
    const { model, random, options } = this;
    const { id, members } = model;
    const frames = listFrames(members, { id, cause: 'none', answer: true }, random);
    if (frames.length > 1 && random.chance(options.faults)) {
      // Where none was known, one that is nearly right is shown, as it came.
      if (this.now !== 'unlisted') {
        this.now = this.lastRight;
        this.send(...this.without(frames));
      } else this.isAsked = true;
      // The next frame asks again.
      this.run.push(model.change());
      this.flush();
      return;
    }
    // One that had the right list keeps it.
    if (this.now !== 'right') (this.expected.at(-1) as Expected).members = 'right';
    this.now = 'right';
    this.lastRight = members;
    this.send(...frames);
  }

  /** Members stand in another order, and no view says so. */
  private reorder(): void {
    this.flush();
    const { model, random } = this;
    if (this.now !== 'right' || this.isAsked || !model.reorder()) return;
    this.isReordered = true;
    this.lastRight = model.members;
    const { id, members } = model;
    this.send(...listFrames(members, { id, cause: 'none', answer: true }, random));
  }

  private leaveAndJoin(): void {
    this.flush();
    const leave = encodeSelfLeave(GROUP);
    this.plain.read(new ReceivedMessage(leave, 0, leave.length));
    const [left, last] = [this.followers.left(GROUP), this.expected.at(-1)?.plain.id];
    if (!isDeepStrictEqual(left, last))
      this.violations.push(`left view ${String(left)}, expected ${String(last)}`);
    this.isAsked = false;
    this.model.rejoin();
    this.first();
  }

  private without(frames: readonly Buffer[]): Buffer[] {
    const lost = this.random.below(frames.length);
    return frames.filter((_, k) => k !== lost);
  }

  private expect(frame: Buffer): void {
    const plain = this.plain.read(new ReceivedMessage(frame, 0, frame.length)) as ViewEvent;
    this.expected.push({ plain, members: this.now, first: this.now, isAfterReorder: this.isReordered });
    this.isReordered = false;
  }

  private send(...frames: readonly Buffer[]): void {
    for (const bytes of frames) {
      const before = this.got.length;
      const frame = readToClient(bytes, 0, bytes.length);
      if (frame) this.followers.take(frame);
      // Some are asked for their members at once, all of them at the end.
      for (const event of this.got.slice(before)) if (this.random.chance(0.3)) membersOf(event);
    }
  }

  // What both show.

  private compare(): void {
    const { expected, got } = this;
    if (got.length !== expected.length)
      this.violations.push(`${got.length} views, expected ${expected.length}`);
    for (const [k, { plain, members, first, isAfterReorder }] of expected.entries()) {
      const view = got[k];
      if (!view) break;
      const isKnown = members === 'right';
      const isFirst = plain.left.length === 0 && plain.joined.length === plain.members.length;
      const joined = first === 'unlisted' && isFirst ? [OWN] : plain.joined;
      const shown = members === 'unlisted' ? 'unlisted' : isKnown ? plain.members : members;
      this.check(k, 'id', view.id, plain.id);
      this.check(k, 'cause', [view.cause, view.changed], [plain.cause, plain.changed]);
      this.check(k, 'size', view.size, plain.size);
      this.check(k, 'joined', view.joined, joined);
      if (isAfterReorder) this.check(k, 'left', view.left.toSorted(), plain.left.toSorted());
      else this.check(k, 'left', view.left, plain.left);
      this.check(k, 'members', membersOf(view), shown);
      // Where the list was wrong, the own place may be.
      if (typeof first === 'string') this.check(k, 'myIndex', view.myIndex, plain.myIndex);
      if (!isKnown) continue;
      this.check(k, 'cameWithMe', view.cameWithMe, plain.cameWithMe);
      this.check(k, 'has', [view.has(plain.members.at(-1) as string), view.has('#x#d1')], [true, false]);
    }
  }

  private check(k: number, what: string, got: unknown, expected: unknown): void {
    if (!isDeepStrictEqual(got, expected))
      this.violations.push(`view ${k}: ${what} is ${String(got)}, expected ${String(expected)}`);
  }
}

const membersOf = (event: ViewEvent): readonly string[] | 'unlisted' => {
  try {
    return event.members;
  } catch {
    return 'unlisted';
  }
};
