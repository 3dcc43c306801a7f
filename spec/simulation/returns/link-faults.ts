/** What happens to the programs of a world: their links break, their daemons hang just then, and they read slowly. */
import type { Connection } from '../../../lib/client/connection.js';
import type { Random } from '../../support/random.js';
import type { SimulatedDaemon } from '../daemon.js';
import type { LibraryWorld } from '../library-world.js';
import type { Profile } from './profiles.js';
import type { Program } from './program.js';

const STALLED_MS = 400;
const HANGING_MS = 100;
const AWAY_MS = 600;
/** Longest time from the end of a daemon view to the end of a link. */
const EDGE_MS = 40;
/** Long enough for a client to look for another daemon, and too short for the daemons to notice. */
const DESERTED_MS = 150;

export class LinkFaults {
  /** @param isOver whether the world comes to rest: no link breaks any more */
  constructor(
    private readonly world: LibraryWorld,
    private readonly random: Random,
    private readonly profile: Profile,
    private readonly isOver: () => boolean,
  ) {}

  async recut({ connection }: Program): Promise<void> {
    const { world, random } = this;
    for (let i = 0; i < 3; i++) {
      world.cut(connection);
      await world.sleep(1 + random.below(8));
    }
  }

  async away({ name, connection }: Program): Promise<void> {
    const { world, random } = this;
    world.unreachable.add(name);
    world.cut(connection);
    await world.sleep(random.below(AWAY_MS));
    world.unreachable.delete(name);
  }

  /** The daemon hangs with the return in its hands, and the client goes elsewhere. */
  async hurry({ connection }: Program, { process }: SimulatedDaemon): Promise<void> {
    const { world, random } = this;
    process.freeze();
    await world.sleep(random.below(3));
    world.cut(connection);
    await world.sleep(1 + random.below(this.profile.hangingMs ?? HANGING_MS));
    process.thaw();
  }

  /** Its daemon hangs, with its session, and it goes elsewhere. */
  async desert({ connection }: Program): Promise<void> {
    const { world, random } = this;
    await world.sleep(random.below(4));
    const home = world.daemons.find((each) => connection.id.endsWith(`#${each?.name}`));
    home?.process.freeze();
    world.cut(connection);
    await world.sleep(DESERTED_MS + random.below(random.chance(0.5) ? 20 : DESERTED_MS));
    home?.process.thaw();
  }

  /** The daemon view changes: links break before, within and after it. */
  cutAtEdge(programs: readonly Program[]): void {
    const { random, profile } = this;
    for (const { connection } of programs) {
      if (!random.chance(profile.edge ?? 0)) continue;
      void this.cutLater(connection, random.below(EDGE_MS));
    }
  }

  async stall(program: Program): Promise<void> {
    if (program.reading !== null) return;
    program.reading = this.world.sleep(1 + this.random.below(STALLED_MS));
    await program.reading;
    program.reading = null;
  }

  private async cutLater(connection: Connection, delay: number): Promise<void> {
    await this.world.sleep(delay);
    if (!this.isOver()) this.world.cut(connection);
  }
}
