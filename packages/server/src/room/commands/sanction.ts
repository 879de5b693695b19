// Ban or mute somebody in one room, or lift that. A ban ends the membership that it covers, once (design 6). In a read-only
// room the end of a mute is a voice, whether or not there was one.
import type { UserId } from '@conclave/wire'
import type { CommandRule } from '../decision.ts'
import type { EventBody, Sanction } from '../events.ts'
import type { Context, Facts } from '../facts.ts'
import { isOperator } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import {
  checkChannelAcls,
  checkNoOperator,
  checkRoomAcls,
  checkTarget,
  mayGovern,
  mayModerate,
  rulerOf,
  visitorOf,
} from '../rights.ts'
import { imposed, putOut } from '../sanctions.ts'
import type { RoomState } from '../state.ts'

export interface SetSanction {
  readonly command: 'sanction'
  readonly actor: UserId | null
  readonly kind: Sanction['kind']
  readonly user: UserId
  /** ms since 1970; null never ends; undefined lifts. */
  readonly until: number | null | undefined
  readonly reason: string
  /** By which rule the actor is judged: Dino bans by the owner's, everything else goes by the moderator's. */
  readonly rank: 'owner' | 'moderator'
}

export const sanction: CommandRule<SetSanction> = {
  needs: (_state, command) => ({
    accounts: command.actor === null ? [command.user] : [command.actor, command.user],
    keys: [],
  }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, user, kind, until, reason } = command
    const refused = actor === null ? null : checkActor(state, command, actor, facts, context)
    if (refused) return refused
    if (until === undefined) {
      const held = state.sanctions.some(s => s.kind === kind && s.user === user)
      const voiced = kind === 'mute' && state.config.readOnly && state.members.has(user) && !state.voiced.has(user)
      if (!held && !voiced) return { events: [] }
      return { events: [{ type: 'sanction.lifted', kind, user, ...(voiced ? { voice: true } : {}) }] }
    }
    const set = imposed(state, { kind, user, from: context.now, until, reason, by: actor }, context.now)
    if (isRejection(set)) return set
    const events: EventBody[] = [set]
    if (kind === 'ban') events.push(...putOut(state, user, 'banned', reason, context))
    return { events }
  },
}

function checkActor(
  state: RoomState,
  { kind, user, until, rank }: SetSanction,
  actor: UserId,
  facts: Facts,
  context: Context,
): Rejection | null {
  const account = rulerOf(state, facts, actor, context.now)
  if (isRejection(account)) return account
  const { channel } = facts
  const target = facts.account(user)
  if (kind === 'mute' && target && isOperator(target))
    return { rejected: 'role.required', text: 'not allowed to mute super users' }
  const spared = checkNoOperator(target)
  if (spared) return spared
  if (rank === 'owner' && !mayGovern(state, channel, account))
    return { rejected: 'role.required', text: `only owners can ${kind}` }
  if (!mayModerate(state, channel, account)) return { rejected: 'role.required', text: `user not allowed to ${kind}` }
  if (until === undefined && user === actor)
    return { rejected: 'role.required', text: 'nobody lifts a sanction from themselves' }
  const { acl } = context.settings
  return (
    (until === undefined ? null : checkTarget(state, account, user)) ??
    (kind === 'mute' ? null : checkRoomAcls(state, 'ban', visitorOf(acl, state, channel, account))) ??
    (kind === 'mute' ? null : checkChannelAcls(channel, 'ban', visitorOf(acl, null, channel, account)))
  )
}
