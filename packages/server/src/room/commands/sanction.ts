// Ban or mute somebody in one room, or lift that. A ban ends the membership that it covers, once (design 6).
import type { UserId } from '@conclave/wire'
import { SANCTIONS } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import type { EventBody, Sanction } from '../events.ts'
import { isOperator } from '../facts.ts'
import { isRejection } from '../rejection.ts'
import { checkTarget, mayModerate, rulerOf } from '../rights.ts'
import { needsRotation } from './remove-members.ts'

export interface SetSanction {
  readonly command: 'sanction'
  readonly actor: UserId | null
  readonly kind: Sanction['kind']
  readonly user: UserId
  /** ms since 1970; null never ends; undefined lifts. */
  readonly until: number | null | undefined
  readonly reason: string
}

export const sanction: CommandRule<SetSanction> = {
  needs: (_state, command) => ({
    accounts: command.actor === null ? [command.user] : [command.actor, command.user],
    keys: [],
  }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { user, kind, until, reason } = command
    if (command.actor !== null) {
      const account = rulerOf(state, facts, command.actor, context.now)
      if (isRejection(account)) return account
      if (!mayModerate(state, facts.channel, account))
        return { rejected: 'role.required', text: `user not allowed to ${kind}` }
      const target = facts.account(user)
      if (target && isOperator(target)) return { rejected: 'role.required', text: `not allowed to ${kind} super users` }
      if (until === undefined && user === command.actor)
        return { rejected: 'role.required', text: 'nobody lifts a sanction from themselves' }
      const spared = until === undefined ? null : checkTarget(state, account, user)
      if (spared) return spared
    }
    // Nobody could be added to it again.
    if (kind === 'ban' && until !== undefined && state.kind === 'direct')
      return { rejected: 'room.kind', text: 'nobody is banned from a direct room' }
    const held = state.sanctions.some(s => s.kind === kind && s.user === user)
    if (until === undefined) return { events: held ? [{ type: 'sanction.lifted', kind, user }] : [] }
    const inForce = state.sanctions.filter(s => s.until === null || s.until > context.now)
    if (!held && inForce.length >= SANCTIONS) return { rejected: 'limit', text: 'too many sanctions on this room' }
    const events: EventBody[] = [
      { type: 'sanction.set', sanction: { kind, user, from: context.now, until, reason, by: command.actor } },
    ]
    if (kind === 'ban' && state.members.has(user)) {
      const closes = needsRotation(state, context)
      events.push({ type: 'members.removed', users: [user], how: 'banned', reason, closes, signed: null })
    }
    return { events }
  },
}
