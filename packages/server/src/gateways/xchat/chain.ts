// Links of a chain as they go out (protocol/transparency.md), alike for key logs and rooms.
import type { ChainHead, Link } from '@conclave/wire/transparency/chain'
import { z } from 'zod'
import { type List, pageToken } from './paging.ts'

const headShape = z.object({
  /** Of the newest link; 0 where there is none. */
  number: z.int(),
  /** Hex; empty where there is none. */
  hash: z.string(),
})

/** `entry`: what is chained there. */
export function chainShape<E extends z.ZodType>(entry: E) {
  return z.object({
    data: z.array(
      z.object({
        number: z.int(),
        /** Hex SHA-256 of the entry's canonical bytes. */
        digest: z.string().optional(),
        /** Hex SHA-256 of the hash before and the digest. */
        hash: z.string(),
        entry: entry.optional(),
      }),
    ),
    meta: z.object({
      /** The user's or the room's, decimal: what the chain's start is made of. */
      id: z.string(),
      result_count: z.int(),
      next_token: z.string().optional(),
      head: headShape,
    }),
  })
}

export function chainPage<L extends Link>(list: List, id: string, head: ChainHead, links: readonly L[], after: number) {
  const last = links.at(-1)?.number ?? after
  const next = last < head.number ? { next_token: pageToken(list, String(last)) } : {}
  return { data: [...links], meta: { id, result_count: links.length, ...next, head } }
}
