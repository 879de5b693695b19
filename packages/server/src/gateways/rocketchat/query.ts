// Lists in a query string: clients write them `a[]=1&a[]=2`, `a[0]=1&a[1]=2` or `a=1&a=2`, all of which mean the same.

/** Four digits: a URL has no room for more items. */
const LISTED = /^([^[\]]+)\[(?:\d{1,4})?\]$/

/** A query as Fastify reads it, with every list under its own name, in the order of the query. */
export function withLists(query: unknown): Record<string, unknown> {
  const read: Record<string, unknown> = Object.create(null)
  for (const [key, value] of Object.entries(query as Record<string, unknown>)) {
    const name = LISTED.exec(key)?.[1]
    if (name === undefined) read[key] = value
    else read[name] = [...[read[name] ?? []].flat(), ...[value].flat()]
  }
  return read
}

/** A list that stands in a query under one name: as a list, as its JSON text (so the mobile client writes it), or as its only item. */
export function listed(given: unknown): unknown {
  if (typeof given !== 'string') return given
  if (!given.startsWith('[')) return [given]
  try {
    return JSON.parse(given)
  } catch {
    return given
  }
}
