import { randomUUID } from 'node:crypto';
import { cacheTag, revalidateTag } from 'next/cache';
import { connection } from 'next/server';
import cache from '../../cache-handler.mjs';

/** Stands in for something that is expensive to compute. */
async function price() {
  'use cache';
  cacheTag('price');
  return randomUUID();
}

export async function GET() {
  await connection(); // at each request, not at build time
  return new Response(await price());
}

/** Answers when every later request gets a new price, at any instance. */
export async function POST() {
  await cache.updateTags(['price']);
  return new Response(null, { status: 204 });
}

/** The usual way: Next answers first, and makes the change at the same time. */
export async function DELETE() {
  revalidateTag('price', { expire: 0 });
  return new Response(null, { status: 204 });
}
