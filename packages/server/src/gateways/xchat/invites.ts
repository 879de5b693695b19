// Links by which others ask to be let into a group: `<public URL>/i/<token>`. The token is all that there is to know, so
// an admin's client draws it, the store finds it by its digest alone, and who tries many is heard no more for a while.
import { hash } from 'node:crypto'
import type { RoomState } from '../../room/state.ts'
import { inviteOf } from '../../room/state.ts'
import { INVITE_URL, TOKEN_BYTES } from './limits.ts'
import { invalidField, notFound, Refusal } from './problem.ts'
import { UNKNOWN_INVITES } from './rates.ts'
import type { XchatParts } from './route.ts'
import { text } from './schema.ts'
import type { Caller } from './session.ts'
import { tooMany } from './session.ts'

export const inviteUrl = text(INVITE_URL)

/** ms since 1970, from text to a number; null: no end. */
export const inviteEnd = text(16)
  .regex(/^[1-9][0-9]{0,15}$/, 'must be a time in ms since 1970')
  .transform(Number)
  .refine(Number.isSafeInteger, 'must be a time in ms since 1970')
  .nullable()
  .default(null)

/** Under what the URL's token is claimed, or what is wrong with the URL. */
export function keyOfUrl(url: string, parts: XchatParts): string | Refusal {
  const start = `${parts.publicUrl()}/i/`
  const token = url.startsWith(start) ? url.slice(start.length) : ''
  if (isToken(token)) return keyOf(token)
  const { least, most } = TOKEN_BYTES
  const form = `must be ${start} and a random token: ${least} to ${most} bytes in base64url without padding`
  return new Refusal(invalidField('invite_url', form))
}

/** One spelling for the same bytes. */
function isToken(token: string): boolean {
  const bytes = Buffer.from(token, 'base64url')
  const { least, most } = TOKEN_BYTES
  return bytes.length >= least && bytes.length <= most && bytes.toString('base64url') === token
}

/** No comparison of a digest says anything of the token. */
function keyOf(token: string): string {
  return hash('sha256', token, 'hex')
}

export interface Invited {
  readonly room: RoomState
  readonly key: string
}

/** The group that a link leads to now. One that never was, has ended or was replaced is the same to whoever asks. */
export async function invitedBy(token: string, caller: Caller, parts: XchatParts): Promise<Invited | Refusal> {
  const { quota, clock, reading } = parts
  const tries = `xchat:invites:${caller.account.id}`
  const taken = await quota.take(tries, UNKNOWN_INVITES, 0)
  if (taken.remaining <= 0) return tooMany(UNKNOWN_INVITES, taken, clock.now())
  const key = isToken(token) ? keyOf(token) : null
  const room = key === null ? undefined : await reading.invited(key)
  if (key !== null && room && inviteOf(room, clock.now())?.key === key) return { room, key }
  await quota.take(tries, UNKNOWN_INVITES)
  return unknownInvite(token)
}

export function unknownInvite(token: string): Refusal {
  return new Refusal(notFound('invite', 'token', token))
}
