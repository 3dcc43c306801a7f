/** The dashboard for Grafana, as a file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../support/recordings.js';

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

export interface Dashboard {
  readonly panels: readonly Panel[];
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

export const dashboard = (): Dashboard =>
  JSON.parse(readFileSync(join(repositoryRoot, 'docs/operate/grafana-dashboard.json'), 'utf8')) as Dashboard;

/** What it asks Prometheus, with values for its variables. */
export const questionsOf = ({ panels, annotations }: Dashboard): string[] =>
  [...panels.flatMap(({ targets = [] }) => targets), ...annotations.list].map(({ expr }) =>
    expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*'),
  );
