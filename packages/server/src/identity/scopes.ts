// What a token allows, in X's scope names (x-chat.md 1.1). Dino and Rocket.Chat know no scopes: a token is good
// there when it holds all of a user's.
import type { Token } from '../store/store.ts'

export const USER_SCOPES = [
  'dm.read',
  'dm.write',
  'users.read',
  'tweet.read',
  'media.write',
  'like.read',
  'mute.read',
  'block.read',
] as const

export type Scope = (typeof USER_SCOPES)[number]

export function isScope(text: string): text is Scope {
  return (USER_SCOPES as readonly string[]).includes(text)
}

/** Those of the wanted scopes that a token does not hold. */
export function missingScopes(held: readonly string[], wanted: readonly Scope[]): Scope[] {
  return wanted.filter(scope => !held.includes(scope))
}

/** Lets an app go on without its user: it is given a refresh token. No route asks for it. */
export const OFFLINE = 'offline.access'

/**
 * True for a token that may do whatever its user may. One that was given to an app never may: its user was asked for what
 * the scopes say, and those are words of X's wire alone.
 */
export function holdsUserScopes({ scopes, app }: Pick<Token, 'scopes' | 'app'>): boolean {
  return app === null && missingScopes(scopes, USER_SCOPES).length === 0
}
