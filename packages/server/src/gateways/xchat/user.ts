// A user as X shows one. Of X's many fields this server knows three; the others are valid names without a value.
import type { UserId } from '@conclave/wire'
import { z } from 'zod'
import type { Account } from '../../room/facts.ts'
import type { XchatParts } from './route.ts'
import { names } from './schema.ts'

const FIELDS = [
  'confirmed_email',
  'connection_status',
  'created_at',
  'description',
  'entities',
  'id',
  'is_identity_verified',
  'location',
  'name',
  'parody',
  'profile_banner_url',
  'profile_image_url',
  'protected',
  'public_metrics',
  'receives_your_dm',
  'subscribes_to_you',
  'subscription',
  'subscription_type',
  'url',
  'username',
  'verified',
  'verified_followers_count',
  'verified_type',
  'withheld',
] as const
export const userFields = names(FIELDS)
export const userExpansions = names(['affiliation', 'most_recent_post_id', 'pinned_post_id'])

export const userShape = z.object({ id: z.string(), name: z.string(), username: z.string() })
export const includesShape = z.object({ users: z.array(userShape) })

/** X always gives these three, whatever fields are named. */
export function userOf(account: Account): z.infer<typeof userShape> {
  return { id: account.id, name: account.name, username: account.username }
}

export async function usersOf(ids: Iterable<UserId>, parts: XchatParts): Promise<z.infer<typeof userShape>[]> {
  const users: z.infer<typeof userShape>[] = []
  for (const id of ids) {
    const account = parts.identity.accounts.peek(id) ?? (await parts.identity.accounts.load(id))
    if (account) users.push(userOf(account))
  }
  return users
}
