// Set what Rocket.Chat's owners and moderators set of a room, one setting or many: all of them, or none and why. Who opens a
// room to everybody has to be in it, and an encrypted one is never opened.
import type { UserId } from '@conclave/wire'
import { CUSTOM_FIELDS, HIDDEN_MESSAGES, NAME } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import { nameKey } from '../decision.ts'
import type { EventBody, RoomChanges, RoomConfig } from '../events.ts'
import type { Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { belongs, isHidden, mayModerate, mayOwn, mayRemove, rulerOf, rulesAll } from '../rights.ts'
import type { RoomState } from '../state.ts'

export interface ConfigureRoom {
  readonly command: 'configure-room'
  readonly actor: UserId | null
  /** undefined: as it is. It must be free. */
  readonly name?: string
  readonly changes: RoomChanges
}

export const configureRoom: CommandRule<ConfigureRoom> = {
  needs: (_state, command) => ({ accounts: command.actor === null ? [] : [command.actor], keys: [] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const refused = command.actor === null ? null : checkActor(state, command, command.actor, facts, context)
    if (refused) return refused
    const unfit = checkFit(state, command)
    if (unfit) return unfit
    const { name } = command
    const changes = changed(state, command.changes)
    const renamed = name !== undefined && name !== state.name
    const events: EventBody[] = []
    if (renamed) events.push({ type: 'room.renamed', name })
    if (Object.keys(changes).length > 0) events.push({ type: 'room.configured', changes })
    // Of one name in another case the row stays the room's own.
    const [held, wanted] = [state.name === null ? null : nameKey(state.name), renamed ? nameKey(name) : null]
    // Discussions may be called alike.
    const moves = wanted !== null && wanted !== held && state.discussionOf === null
    return {
      events,
      claims: moves ? [{ space: 'name', key: wanted }] : [],
      releases: moves && held !== null ? [{ space: 'name', key: held }] : [],
    }
  },
}

/** What is refused whatever else the room is, also where it is made with it. */
export function checkConfig({
  description,
  announcement,
  customFields,
  hiddenMessages,
}: Partial<RoomConfig>): Rejection | null {
  for (const text of [description, announcement])
    if (text !== undefined && text.length > NAME)
      return { rejected: 'limit', text: `a description has at most ${NAME} characters` }
  if (customFields && JSON.stringify(customFields).length > CUSTOM_FIELDS)
    return { rejected: 'limit', text: `custom fields have at most ${CUSTOM_FIELDS} characters` }
  if (hiddenMessages && hiddenMessages.length > HIDDEN_MESSAGES)
    return { rejected: 'limit', text: `at most ${HIDDEN_MESSAGES} types of messages` }
  return null
}

function checkFit(state: RoomState, { name, changes }: ConfigureRoom): Rejection | null {
  if (state.suite === 'xchat') return { rejected: 'suite.refused', text: 'this room is described over X only' }
  const beyond =
    name !== undefined || Object.entries(changes).some(([key, value]) => key !== 'topic' && value !== undefined)
  if (state.kind === 'direct' && beyond)
    return { rejected: 'room.kind', text: 'a direct room has a topic and nothing else to set' }
  if (name !== undefined && (name.length === 0 || name.length > NAME))
    return { rejected: 'limit', text: `a name has 1 to ${NAME} characters` }
  if (changes.topic !== undefined && changes.topic.length > NAME)
    return { rejected: 'limit', text: `a topic has at most ${NAME} characters` }
  if (changes.broadcast !== undefined && changes.broadcast !== state.config.broadcast)
    return { rejected: 'room.kind', text: 'a room is made for broadcasts, or never is' }
  if (state.config.broadcast && (changes.readOnly === false || changes.reactWhenReadOnly))
    return { rejected: 'room.kind', text: 'Editing readOnly/reactWhenReadOnly are not allowed for broadcast rooms' }
  const { kind } = changes
  if (kind === undefined || kind === state.kind) return checkConfig(changes)
  if (state.kind === 'temporary') return { rejected: 'room.kind', text: 'a temporary room stays what it is' }
  if (kind === 'public' && state.suite !== 'none')
    return { rejected: 'room.kind', text: 'an encrypted room is not opened to everybody' }
  return checkConfig(changes)
}

/** Moderators set what is shown; owners besides who comes in and whether anybody writes at all. */
function checkActor(
  state: RoomState,
  { name, changes }: ConfigureRoom,
  actor: UserId,
  facts: Facts,
  context: Context,
): Rejection | null {
  const account = rulerOf(state, facts, actor, context.now)
  if (isRejection(account)) return account
  const { channel } = facts
  if (!mayModerate(state, channel, account))
    return { rejected: 'role.required', text: 'only owners and moderators may change the room' }
  const { kind = state.kind, isDefault = state.isDefault, featured, archived, joinCode } = changes
  const opens = kind !== state.kind
  if ((opens || archived !== undefined || joinCode !== undefined) && !mayOwn(state, channel, account))
    return { rejected: 'role.required', text: 'only owners may change this' }
  if (opens && !belongs(state, actor)) return { rejected: 'member.required' }
  if ((isDefault !== state.isDefault || featured !== undefined) && !rulesAll(state, account))
    return { rejected: 'role.required', text: 'only operators make default and featured rooms' }
  // Newcomers come into it then, and who makes accounts is one with them.
  if (isDefault && !state.isDefault && isHidden(state) && !belongs(state, actor)) return { rejected: 'member.required' }
  // Dino's moderators rename no room that stays (rights.ts, mayRemove); Rocket.Chat's rename those of that wire.
  const own = state.kind === 'public' || state.kind === 'private'
  if (name === undefined || own || mayRemove(state, channel, account)) return null
  return { rejected: 'role.required', text: `user ${account.id} is not allowed to rename the room` }
}

/** Those that make a difference. */
function changed(state: RoomState, changes: RoomChanges): RoomChanges {
  const { topic, isDefault, kind } = state
  const now: Readonly<Record<string, unknown>> = { ...state.config, topic, isDefault, kind }
  const entries = Object.entries(changes).filter(
    ([key, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(now[key]),
  )
  return Object.fromEntries(entries)
}
