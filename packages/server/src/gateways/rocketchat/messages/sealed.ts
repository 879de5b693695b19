// What stands beside a ciphertext (L3): an encrypted message has no words outside of it. Members of a message that clients
// send and that can hold none are let through; anything else with something in it means that the client shows its user a
// message as encrypted which is not, so all of it is refused.
import { z } from 'zod'
import { id } from '../params.ts'

/** A name as it is mentioned: no words. */
const mention = z.string().max(256).regex(/^\S*$/)
const mentions = z.array(mention).max(100)
const flag = z.boolean()

/** Kept with the message. */
const KEPT = z.object({
  tmid: id.regex(/^\S+$/).nullish(),
  tshow: flag.nullish(),
  groupable: flag.nullish(),
  parseUrls: flag.nullish(),
  /** Which program sends it, as the SDKs say. */
  bot: z.object({ i: z.string().max(64).regex(/^\S*$/) }).nullish(),
  e2eMentions: z.object({ e2eUserMentions: mentions.nullish(), e2eChannelMentions: mentions.nullish() }).nullish(),
})

/** Read elsewhere, or the server's own business, whatever a client says of it. */
const TAKEN: ReadonlySet<string> = new Set(['_id', 'rid', 't', 'e2e', 'msg', 'content', 'ts', 'u', '_updatedAt'])

/** What is kept beside a message's ciphertext, or the name of a member that has no place there. */
export function besideCiphertext(
  message: Readonly<Record<string, unknown>>,
): { readonly kept: Readonly<Record<string, unknown>> } | { readonly refused: string } {
  const kept: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(message)) {
    const shape = Object.hasOwn(KEPT.shape, name) ? KEPT.shape[name as keyof typeof KEPT.shape] : undefined
    if (TAKEN.has(name) || isEmpty(value) || (!shape && typeof value === 'boolean')) continue
    const read = shape?.safeParse(value)
    if (!read?.success) return { refused: name }
    kept[name] = read.data
  }
  return { kept }
}

/** Nothing in it, or what cannot hold words. */
function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === '' || typeof value === 'number') return true
  return typeof value === 'object' && !(value instanceof Date) && Object.keys(value).length === 0
}
