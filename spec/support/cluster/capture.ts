/** The packets of one link of a node, as `tcpdump` records them. */
import { Buffer } from 'node:buffer';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../wait.js';
import type { ClusterNode } from './node.js';
import { RigProcess } from './process.js';

/** `e0`: the ring, for Corosync alone; `m0`: the link over which clients come. */
export type Link = 'e0' | 'm0';

const LIMIT = 10_000;

const read = (file: string): Buffer => (existsSync(file) ? readFileSync(file) : Buffer.alloc(0));

export class Capture {
  private constructor(
    /** In words, for whoever compares several. */
    readonly name: string,
    private readonly file: string,
    private readonly process: RigProcess,
  ) {}

  /** Resolves when it records. */
  static async start(node: ClusterNode, link: Link): Promise<Capture> {
    const base = join(node.folder, `${link}-${Date.now()}`);
    const [file, log] = [`${base}.pcap`, `${base}.out`];
    // Whole packets, each written at once, by the user who owns the folder.
    const line = `exec tcpdump -i ${link} -n -U --immediate-mode -s 0 -Z root -w ${file}`;
    const [program, ...args] = node.inside('/bin/sh', '-c', `PATH="$PATH:/usr/sbin:/sbin"; ${line}`);
    const process = new RigProcess(program, args, log);
    const capture = new Capture(`${link} of node ${node.number}`, file, process);
    const isReady = (): boolean => !process.isRunning || read(log).includes('listening on');
    await eventually(isReady, `tcpdump on ${capture.name}`, LIMIT);
    if (!process.isRunning) throw new Error(`tcpdump has ended: ${read(log).toString()}`);
    return capture;
  }

  /** Resolves when the bytes have been on the link. */
  async seen(bytes: string): Promise<void> {
    await eventually(() => this.holds(bytes), `"${bytes}" on ${this.name}`, LIMIT);
  }

  /** Whether the bytes have been on the link, in one packet. */
  holds(bytes: string | Uint8Array): boolean {
    return read(this.file).includes(Buffer.from(bytes));
  }

  async stop(): Promise<void> {
    if (this.process.isRunning) await this.process.stop();
  }
}
