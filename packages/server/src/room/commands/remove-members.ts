// Remove members: a leave, a kick, a ban, or an account's end. The one place where membership ends while the room
// stays. Without a rotation the room closes where its suite demands one (L4).
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import type { EventBody } from '../events.ts'
import type { Context, Facts } from '../facts.ts'
import { isOperator } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { actorOf, checkRoomAcls, checkStanding, checkTarget, mayModerate, visitorOf } from '../rights.ts'
import { needsRotation } from '../sanctions.ts'
import type { RoomState } from '../state.ts'
import { usersWith } from '../state.ts'

export interface RemoveMembers {
  readonly command: 'remove-members'
  readonly actor: UserId | null
  readonly users: readonly UserId[]
  readonly how: Extract<EventBody, { type: 'members.removed' }>['how']
  readonly reason: string
  /** Refuse when the last owner would go (Rocket.Chat). */
  readonly keepOwner: boolean
}

export const removeMembers: CommandRule<RemoveMembers> = {
  needs: (_state, command) => ({
    accounts: command.actor === null ? [...command.users] : [command.actor, ...command.users],
    keys: [],
  }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { users, how, reason } = command
    if (users.length === 0) return { rejected: 'members.none' }
    const refused = command.actor === null ? null : checkActor(state, command, command.actor, facts, context)
    if (refused) return refused
    const gone = new Set(users)
    for (const user of gone) if (!state.members.has(user)) return { rejected: 'members.absent', user }
    const owners = usersWith(state, 'owner')
    if (
      command.keepOwner &&
      owners.length > 0 &&
      owners.every(owner => gone.has(owner)) &&
      gone.size < state.members.size
    ) {
      return { rejected: 'owner.last' }
    }
    const closes = needsRotation(state, context)
    return { events: [{ type: 'members.removed', users: [...gone], how, reason, closes, signed: null }] }
  },
}

function checkActor(
  state: RoomState,
  command: RemoveMembers,
  actor: UserId,
  facts: Facts,
  context: Context,
): Rejection | null {
  const account = actorOf(facts, actor)
  if (isRejection(account)) return account
  const leaves = command.users.length === 1 && command.users[0] === actor
  if (leaves && !state.members.has(actor)) return { rejected: 'member.required' }
  // Nobody could be added to it again.
  if (state.kind === 'direct') return { rejected: 'room.kind', text: 'a direct room is neither left nor taken away' }
  if (leaves) return null
  const barred = checkStanding(state, facts.channel, account, context.now)
  if (barred) return barred
  if (!state.members.has(actor) && state.suite !== 'none' && !isOperator(account))
    return { rejected: 'member.required' }
  if (!mayModerate(state, facts.channel, account))
    return { rejected: 'role.required', text: 'only owners and moderators remove members' }
  for (const user of command.users) {
    const target = facts.account(user)
    if (target && isOperator(target) && !isOperator(account))
      return { rejected: 'role.required', text: 'not allowed to kick super users' }
    const spared = checkTarget(state, account, user)
    if (spared) return spared
  }
  return checkRoomAcls(state, 'kick', visitorOf(context.settings.acl, state, facts.channel, account))
}
