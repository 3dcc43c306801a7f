/** Warnings of a namespace: of each kind, the first becomes a warning of the process. */
import { warn } from '#report';

export class LinkWarnings {
  private readonly warned = new Set<string>();

  /** @param where what they begin with */
  constructor(private readonly where: () => string) {}

  /** @param kind default the text without ids */
  once(text: string, kind: string = text.replace(/#\S+/, '')): void {
    if (this.warned.has(kind)) return;
    this.warned.add(kind);
    warn(`${this.where()}: ${text}`, 'SspSocketIoWarning');
  }

  /** Something of a kind has failed. @param why what was thrown, whatever it is */
  about(kind: string, why: unknown): void {
    this.once(`${kind}: ${why instanceof Error ? why.message : String(why)}`, kind);
  }
}
