/**
 * Who is left out when daemons cannot read each other's payloads. All daemons of the view judge the same verdicts, so
 * they come to the same end: no daemon that stays has called the payload of another one that stays invalid.
 */

/**
 * When two sides cannot read each other, each comes to an end by its own verdicts; the smaller side, or the one without
 * the first daemon, then leaves itself out, so that both ask for the same.
 * @param verdicts for each daemon of the view, by position, the positions of those whose payloads made no sense to it
 * @returns positions of those who are left out, in order
 */
export function judge(verdicts: readonly (readonly number[])[]): number[] {
  const staying = new Set(verdicts.keys());
  const out: number[] = [];
  for (;;) {
    const against = verdicts.map(() => 0);
    for (const [by, accused] of verdicts.entries()) {
      if (!staying.has(by)) continue;
      for (const position of new Set(accused))
        if (staying.has(position)) against[position] = (against[position] ?? 0) + 1;
    }
    // The one whom most others cannot read; of several the last, so that the first daemons stay.
    const most = Math.max(...against);
    if (most === 0) {
      const isLarger = 2 * staying.size > verdicts.length;
      const isLarge = isLarger || (2 * staying.size === verdicts.length && staying.has(0));
      return (isLarge ? out : [...staying]).toSorted((a, b) => a - b);
    }
    const worst = against.lastIndexOf(most);
    staying.delete(worst);
    out.push(worst);
  }
}
