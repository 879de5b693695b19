// When a room is full (dino.md section 9, not_full).
import type { Account } from '../../room/facts.ts'
import type { GatewayParts } from '../gateway.ts'

/**
 * With more users than this inside, `join` lets the user into no room; null for no limit. It is for users without a
 * membership and those whose membership is on the list: others and superusers find a place everywhere.
 */
export function mostInside({ config }: GatewayParts, account: Account): number | null {
  const { notFull } = config.dino
  if (!notFull || account.roles.includes('superuser')) return null
  const { membership = '' } = account.attributes
  return membership === '' || notFull.exception.includes(membership) ? notFull.maxUsersHigh : null
}
