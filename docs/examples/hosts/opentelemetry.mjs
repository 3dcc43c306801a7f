import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { connect } from 'ssp-toolkit';
import { instrument } from 'ssp-toolkit/opentelemetry';
import { groupRpc } from 'ssp-toolkit/recipes';

// In practice the SDK of your program sends its spans to a collector. Here they stay in memory.
const exporter = new InMemorySpanExporter();
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
await instrument();

const address = process.argv[2] ?? '4803@localhost';
const tracer = trace.getTracer('shops');
const stock = (fruit) =>
  tracer.startActiveSpan(`count ${fruit}`, (span) => {
    span.end();
    return 3;
  });

// In practice each member is a process of its own, and calls instrument() once.
const [ann, bob, cid] = await Promise.all(['ann', 'bob', 'cid'].map((name) => connect({ address, name })));
await groupRpc(ann, 'shops', { handler: stock });
await groupRpc(bob, 'shops', { handler: stock });
const shops = await groupRpc(cid, 'shops');
await tracer.startActiveSpan('order', async (span) => {
  await shops.call('apples');
  span.end();
});

const who = ({ attributes }) => attributes['messaging.client.id']?.split('#')[1] ?? '';
const spans = exporter.getFinishedSpans().toSorted((a, b) => (who(a) < who(b) ? -1 : 1));
const show = (span, indent) => {
  console.log(`${indent}${span.name} ${who(span)}`.trimEnd());
  const { spanId } = span.spanContext();
  for (const child of spans) if (child.parentSpanContext?.spanId === spanId) show(child, `${indent}  `);
};
show(
  spans.find(({ name }) => name === 'order'),
  '',
);
for (const connection of [ann, bob, cid]) await connection.close();
