// Change a plain room's name, topic, place in lists, tags and flags.
import type { UserId } from '@conclave/wire'
import { NAME } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import { nameKey } from '../decision.ts'
import type { EventBody } from '../events.ts'
import type { Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { mayOwn, mayRemove, rulerOf, rulesAll } from '../rights.ts'
import type { RoomState } from '../state.ts'

export interface DescribeRoom {
  readonly command: 'describe-room'
  readonly actor: UserId | null
  /** undefined: as it is. */
  readonly name?: string
  readonly topic?: string
  readonly sort?: number
  readonly tags?: readonly string[]
  readonly isDefault?: boolean
  readonly isAdmin?: boolean
  /** Whether the new name must be free; an imported room may share one (design 6). */
  readonly claimName: boolean
}

export const describeRoom: CommandRule<DescribeRoom> = {
  needs: (_state, command) => ({ accounts: command.actor === null ? [] : [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = command.actor === null ? null : checkActor(state, command, command.actor, facts, context)
    if (refused) return refused
    if (state.suite === 'xchat') return { rejected: 'suite.refused', text: 'this room is described over X only' }
    if (state.kind === 'direct' && command.name !== undefined)
      return { rejected: 'room.kind', text: 'a direct room has no name of its own' }
    const name = command.name ?? state.name
    if (name !== null && (name.length === 0 || name.length > NAME))
      return { rejected: 'limit', text: `a name has 1 to ${NAME} characters` }
    if ((command.topic ?? '').length > NAME)
      return { rejected: 'limit', text: `a topic has at most ${NAME} characters` }
    const renamed = name !== null && name !== state.name
    const topic = command.topic ?? state.topic
    const sort = command.sort ?? state.sort
    const tags = command.tags ?? state.tags
    const isDefault = command.isDefault ?? state.isDefault
    const isAdmin = command.isAdmin ?? state.isAdmin
    const described =
      topic !== state.topic ||
      sort !== state.sort ||
      isDefault !== state.isDefault ||
      isAdmin !== state.isAdmin ||
      tags.join('\n') !== state.tags.join('\n')
    const events: EventBody[] = []
    if (renamed) events.push({ type: 'room.renamed', name })
    if (described) events.push({ type: 'room.described', topic, sort, tags, isDefault, isAdmin })
    const held = state.name === null ? [] : [{ space: 'name', key: nameKey(state.name) } as const]
    return {
      events,
      claims: renamed && command.claimName && !state.discussionOf ? [{ space: 'name', key: nameKey(name) }] : [],
      releases: renamed ? held : [],
    }
  },
}

/** A name alone may be changed by more than the rest: by whoever may remove the room. */
function checkActor(
  state: RoomState,
  command: DescribeRoom,
  actor: UserId,
  facts: Facts,
  context: Context,
): Rejection | null {
  const account = rulerOf(state, facts, actor, context.now)
  if (isRejection(account)) return account
  const { name, topic, sort, tags, isDefault = state.isDefault, isAdmin = state.isAdmin } = command
  if (name !== undefined && !mayRemove(state, facts.channel, account))
    return { rejected: 'role.required', text: `user ${account.id} is not allowed to rename the room` }
  const marked = isDefault !== state.isDefault || isAdmin !== state.isAdmin
  if (marked && !rulesAll(state, account))
    return { rejected: 'role.required', text: 'only operators make default and admin rooms' }
  const renames = name !== undefined && topic === undefined && sort === undefined && tags === undefined && !marked
  if (renames || mayOwn(state, facts.channel, account)) return null
  return { rejected: 'role.required', text: 'only owners may change the room' }
}
