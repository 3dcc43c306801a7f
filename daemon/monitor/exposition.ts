/** The text form of Prometheus, version 0.0.4: metrics in, text out. */

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export interface Sample {
  /** After the name of the metric, as the parts of a histogram have it: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Metric {
  /** Letters, digits and `_`; a counter ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Its series; a metric without any is announced all the same. */
  readonly samples: readonly Sample[];
}

/** @param prefix before each name */
export const exposition = (metrics: readonly Metric[], prefix = ''): string =>
  metrics.map((metric) => metricText(metric, prefix + metric.name)).join('\n');

function metricText({ help, kind, samples }: Metric, name: string): string {
  const head = `# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}\n# TYPE ${name} ${kind}\n`;
  return head + samples.map((sample) => sampleLine(name, sample)).join('');
}

function sampleLine(name: string, { suffix = '', labels = {}, value }: Sample): string {
  const pairs = Object.entries(labels).map(
    ([label, text]) => `${label}="${text.replace(/[\\\n"]/g, escaped)}"`,
  );
  const series = pairs.length > 0 ? `{${pairs.join(',')}}` : '';
  return `${name}${suffix}${series} ${numberText(value)}\n`;
}

const escaped = (sign: string): string => (sign === '\n' ? '\\n' : `\\${sign}`);

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
