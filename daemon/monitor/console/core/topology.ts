/**
 * Where the daemons are drawn. Those of the view stand on a circle, in its order and clockwise from the top. When others are
 * out of reach the plane is divided: they stand on the other side of a line, and nothing is drawn across it.
 */
import type { DaemonsLine } from './lines.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface DaemonNode extends Point {
  readonly name: string;
  readonly radius: number;
  /** Place in the view, from 1; 0 for one that is out of reach. */
  readonly place: number;
  /** Out of reach since then; null for one that was never seen, and for those of the view. */
  readonly since: number | null;
  /** The set that it came with, from 0. */
  readonly set: number;
}

export interface Topology {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly DaemonNode[];
  /** Lines between daemons of the view. */
  readonly links: readonly (readonly [Point, Point])[];
  /** The path of the line between both sides, as SVG has it; null when nobody is out of reach. */
  readonly divider: string | null;
}

interface Area extends Point {
  readonly width: number;
  readonly height: number;
}

const LARGEST = 26;
const SMALLEST = 9;
/** Above a node stands the word `first`, below one its name may. */
const MARGIN = 34;
const BELOW = 22;
/** Of more daemons only neighbours are linked. */
const MOST_LINKED = 8;
/** Room of a node that is out of reach, with its text. */
const CELL = { width: 132, height: 104 };
const GAP = 26;

/**
 * @param isNarrow the sides stand one above the other
 */
export function topologyOf(daemons: DaemonsLine, width: number, isNarrow: boolean): Topology {
  const { here, away } = daemons;
  const height = heightOf(here.length, away.length, width, isNarrow);
  const [near, far, divider] = areasOf(away.length, width, height, isNarrow);
  const sets = new Map(daemons.sets.flatMap((set, i) => set.map((name) => [name, i] as const)));
  const nodes = [
    ...onCircle(here.length, near).map(({ x, y, radius }, i) => {
      const name = here[i] ?? '';
      return { name, x, y, radius, place: i + 1, since: null, set: sets.get(name) ?? 0 };
    }),
    ...inRows(away.length, far).map(({ x, y, radius }, i) => {
      const { name = '', since = null } = away[i] ?? {};
      return { name, x, y, radius, place: 0, since, set: 0 };
    }),
  ];
  return { width, height, nodes, links: linksOf(nodes.slice(0, here.length)), divider };
}

const columnsOf = (width: number): number => Math.max(1, Math.floor(width / CELL.width));

function heightOf(here: number, away: number, width: number, isNarrow: boolean): number {
  const circle = here > 12 ? 380 : 300;
  if (away === 0) return here === 1 ? 190 : circle;
  if (!isNarrow) return Math.max(circle, Math.ceil(away / columnsOf(farWidth(width))) * CELL.height + GAP);
  const nearHeight = here === 1 ? 130 : 240;
  return nearHeight + GAP + Math.ceil(away / columnsOf(width)) * CELL.height;
}

/** The part of the width that those out of reach take. */
const FAR_SHARE = 0.48;
const farWidth = (width: number): number => width * FAR_SHARE - GAP / 2;

function areasOf(
  away: number,
  width: number,
  height: number,
  isNarrow: boolean,
): [near: Area, far: Area, divider: string | null] {
  const all = { x: 0, y: 0, width, height };
  if (away === 0) return [all, all, null];
  if (isNarrow) {
    const farHeight = Math.ceil(away / columnsOf(width)) * CELL.height;
    const line = height - farHeight - GAP / 2;
    return [
      { ...all, height: line - GAP / 2 },
      { ...all, y: line + GAP / 2, height: farHeight },
      wave({ x: 6, y: line }, { x: width - 6, y: line }),
    ];
  }
  const line = width * (1 - FAR_SHARE);
  return [
    { ...all, width: line - GAP / 2 },
    { ...all, x: line + GAP / 2, width: farWidth(width) },
    wave({ x: line, y: 8 }, { x: line, y: height - 8 }),
  ];
}

/** A line with a bend to either side. */
function wave(from: Point, to: Point): string {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.hypot(dx, dy);
  const bend = 12;
  const at = (share: number, side: number): string =>
    `${round(from.x + dx * share - (dy / length) * side)} ${round(from.y + dy * share + (dx / length) * side)}`;
  return `M ${at(0, 0)} C ${at(0.17, bend)} ${at(0.33, bend)} ${at(0.5, 0)} S ${at(0.83, -bend)} ${at(1, 0)}`;
}

/** The largest circle on which nobody touches anybody, in the middle of the area. */
function onCircle(count: number, area: Area): (Point & { readonly radius: number })[] {
  const middle = { x: area.x + area.width / 2, y: area.y + area.height / 2 };
  if (count === 1) return [{ x: round(middle.x), y: round(middle.y), radius: LARGEST }];
  const unit = Array.from({ length: count }, (_, i) => {
    const angle = (2 * Math.PI * i) / count - Math.PI / 2;
    return { x: Math.cos(angle), y: Math.sin(angle) };
  });
  const lowest = Math.max(...unit.map(({ y }) => y));
  const room = Math.min(area.width, area.height) / 2;
  const apart = Math.sin(Math.PI / count);
  const radius = clamp((room * apart) / (1 + apart) / 1.5, SMALLEST, LARGEST);
  const across = (area.width - 2 * radius - 2 * MARGIN) / 2;
  const down = (area.height - 2 * radius - MARGIN - BELOW) / (1 + lowest);
  const circle = Math.min(across, down);
  // An odd number is higher above the middle of the circle than below it.
  const top = area.y + (area.height + MARGIN - BELOW - circle * (1 + lowest)) / 2;
  return unit.map(({ x, y }) => ({
    x: round(middle.x + circle * x),
    y: round(top + circle * (1 + y)),
    radius: round(radius),
  }));
}

function inRows(count: number, area: Area): (Point & { readonly radius: number })[] {
  const columns = Math.min(count, columnsOf(area.width));
  const rows = Math.ceil(count / columns);
  const top = area.y + (area.height - rows * CELL.height) / 2;
  return Array.from({ length: count }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const cell = area.width / inRow;
    return {
      x: round(area.x + cell * ((i % columns) + 0.5)),
      // The text stands below the node.
      y: round(top + CELL.height * row + CELL.height / 2 - 14),
      radius: LARGEST,
    };
  });
}

function linksOf(nodes: readonly DaemonNode[]): (readonly [Point, Point])[] {
  const points = nodes.map(({ x, y }) => ({ x, y }));
  const pairs = points.flatMap((from, i) => {
    const next = points[(i + 1) % points.length];
    if (points.length <= MOST_LINKED) return points.slice(i + 1).map((to) => [from, to] as const);
    return next === undefined ? [] : [[from, next] as const];
  });
  return pairs;
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
const round = (value: number): number => Math.round(value * 10) / 10;
