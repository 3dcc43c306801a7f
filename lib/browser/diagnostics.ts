/** `#diagnostics` without Node: nobody can subscribe, so nothing is said. A bundler leaves calls of functions that are empty out. */

export function reportConnect(_report: object): void {
  // Nobody hears it, nor any of the others.
}

export function reportLoss(_id: string, _error: Error | undefined): void {
  // As above.
}

export function reportClosed(_id: string): void {
  // As above.
}

export function reportDropped(_report: object): void {
  // As above.
}

export function reportList(_report: object): void {
  // As above.
}

export function reportPause(_id: string, _waiting: number, _waitingBytes: number): void {
  // As above.
}

export function reportReconnecting(_report: object): void {
  // As above.
}

export function reportResumed(_report: object): void {
  // As above.
}

export function reportGap(_report: object): void {
  // As above.
}

export function reportView(_id: string, _view: object): void {
  // As above.
}

export function reportRefused(_id: string, _event: object): void {
  // As above.
}

export const followJoin = <T>(_id: string, _group: string, join: () => Promise<T>): Promise<T> => join();
