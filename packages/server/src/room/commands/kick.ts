// Kick somebody out of a room, as Dino does it: not for moderators, and of everybody who is inside, member or not. An
// occupant who is no member stands in no log, so there is no event then, and the caller shows them out (design 6).
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import type { EventBody } from '../events.ts'
import type { Context, Facts } from '../facts.ts'
import { isOperator } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { checkRoomAcls, checkTarget, mayOwn, rulerOf, visitorOf } from '../rights.ts'
import { imposed, putOut } from '../sanctions.ts'
import type { RoomState } from '../state.ts'
import { sanctionOn } from '../state.ts'

export interface Kick {
  readonly command: 'kick'
  readonly actor: UserId | null
  readonly user: UserId
  readonly reason: string
  /** ms for which whoever is kicked may not come back; 0: at once. */
  readonly banMs: number
}

export const kick: CommandRule<Kick> = {
  needs: (_state, command) => ({
    accounts: command.actor === null ? [command.user] : [command.actor, command.user],
    keys: [],
  }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, user, reason } = command
    const refused = actor === null ? null : checkActor(state, actor, user, facts, context)
    if (refused) return refused
    // Nobody could be added to it again.
    if (state.kind === 'direct') return { rejected: 'room.kind', text: 'nobody is kicked out of a direct room' }
    // Of an unknown user there is nobody to put out, and nobody to keep out.
    if (!facts.account(user)) return { events: [] }
    const events: EventBody[] = []
    if (bans(state, command, context.now)) {
      const until = context.now + command.banMs
      const ban = { kind: 'ban', user, from: context.now, until, reason, by: actor } as const
      const set = imposed(state, ban, context.now)
      if (isRejection(set)) return set
      events.push({ ...set, kick: true })
    }
    events.push(...putOut(state, user, 'kicked', reason, context))
    return { events }
  },
}

/** A kick shortens no ban: not everybody who may kick may ban. */
function bans(state: RoomState, { user, banMs }: Kick, now: number): boolean {
  const held = sanctionOn(state.sanctions, user, 'ban', now)
  return banMs > 0 && (!held || (held.until !== null && held.until < now + banMs))
}

/** The target before the role, as the real server does it (dino.md section 4, kick). */
function checkActor(state: RoomState, actor: UserId, user: UserId, facts: Facts, context: Context): Rejection | null {
  const account = rulerOf(state, facts, actor, context.now)
  if (isRejection(account)) return account
  const target = facts.account(user)
  if (target && isOperator(target)) return { rejected: 'role.required', text: 'not allowed to kick operators' }
  if (!mayOwn(state, facts.channel, account)) return { rejected: 'role.required', text: 'not allowed to kick' }
  const visitor = visitorOf(context.settings.acl, state, facts.channel, account)
  return checkTarget(state, account, user) ?? checkRoomAcls(state, 'kick', visitor)
}
