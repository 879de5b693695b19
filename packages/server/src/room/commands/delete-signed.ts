// Delete messages of an X room: for everybody, or for oneself alone, each under X's signature (x-chat.md 3.11, 5.4). It says
// nothing and stands under no key, so who is muted may, and in a closed room too. Other rooms are delete-messages.ts.
import type { EventId, UserId } from '@conclave/wire'
import { DELETED_TOGETHER, HIDDEN_STRETCHES } from '../../limits.ts'
import type { CommandRule } from '../decision.ts'
import type { Context, Facts } from '../facts.ts'
import type { Rejection } from '../rejection.ts'
import { isRejection } from '../rejection.ts'
import { rulerOf } from '../rights.ts'
import type { ActionSignature, ReadAction } from '../signatures.ts'
import { readAction, sameSet, signedOf, usersNamed } from '../signatures.ts'
import type { RoomState } from '../state.ts'
import { hasRole } from '../state.ts'

/** Where a message stands and whose it is. */
interface Place {
  readonly sequence: number
  readonly sender: UserId | null
}

export interface DeleteSigned {
  readonly command: 'delete-signed'
  readonly actor: UserId
  /** From everybody, who are told of it, or from the actor alone, of which nobody hears. */
  readonly whom: 'all' | 'self'
  /** Each once, as the request names them. */
  readonly ids: readonly EventId[]
  /** Those of them that are messages of the room which the actor may see: read from the store, never claimed. */
  readonly placed: ReadonlyMap<EventId, Place>
  /** Files of the room that go with them, and who sent each; null: the room has none of that key. */
  readonly media: readonly { readonly key: string; readonly by: UserId | null }[]
  /** In how many stretches the room's messages lie that the actor has hidden. */
  readonly stretches: number
  readonly signatures: readonly ActionSignature[]
  /** Covers all that was sent. */
  readonly digest: string
}

export const deleteSigned: CommandRule<DeleteSigned> = {
  needs: (_state, { actor, signatures }) => ({ accounts: [actor], keys: [actor, ...usersNamed(signatures)] }),

  decide(state, command, facts, context) {
    if (!state || state.removed) return { rejected: 'room.unknown' }
    const { actor, whom, ids, digest } = command
    const account = rulerOf(state, facts, actor, context.now)
    if (isRejection(account)) return account
    if (!state.members.has(actor)) return { rejected: 'member.required' }
    if (state.suite !== 'xchat') return { rejected: 'suite.refused', text: 'messages of this room are not signed' }
    const places = placesOf(command)
    if (isRejection(places)) return places
    const barred = whom === 'all' ? checkRight(state, command, places) : checkStretches(command)
    if (barred) return barred
    const read = readDeletion(state, command, facts, context)
    if (isRejection(read)) return read
    const sequences = places.map(({ sequence }) => sequence)
    const messageKeys = [{ key: read.signature.messageId, digest, by: actor }]
    return whom === 'all'
      ? { events: [{ type: 'messages.deleted', targets: ids, sequences, signed: signedOf(read) }], messageKeys }
      : { events: [], hides: { user: actor, sequences }, messageKeys }
  },
}

/** In the order of the request. */
function placesOf({ ids, placed }: DeleteSigned): readonly Place[] | Rejection {
  if (ids.length > DELETED_TOGETHER)
    return { rejected: 'limit', text: `at most ${DELETED_TOGETHER} messages are deleted together` }
  const places: Place[] = []
  for (const id of ids) {
    const place = placed.get(id)
    if (!place) return { rejected: 'message.unknown', id }
    places.push(place)
  }
  return places.length > 0 ? places : { rejected: 'message.unknown', id: null }
}

/** Everybody what they sent themselves, a group's admins everything. */
function checkRight(state: RoomState, { actor, media }: DeleteSigned, places: readonly Place[]): Rejection | null {
  const unknown = media.find(({ by }) => by === null)
  if (unknown) return { rejected: 'medium.unknown', key: unknown.key }
  if (state.kind !== 'direct' && hasRole(state, actor, 'owner')) return null
  const own = places.every(({ sender }) => sender === actor) && media.every(({ by }) => by === actor)
  if (own) return null
  const others = state.kind === 'direct' ? 'nobody' : 'only admins of the group'
  return { rejected: 'role.required', text: `${others} may delete for everybody what others have sent` }
}

function checkStretches({ ids, stretches }: DeleteSigned): Rejection | null {
  if (stretches + ids.length <= HIDDEN_STRETCHES) return null
  return { rejected: 'hidden.full', limit: HIDDEN_STRETCHES }
}

function readDeletion(
  state: RoomState,
  { actor, whom, ids, signatures }: DeleteSigned,
  facts: Facts,
  context: Context,
): ReadAction | Rejection {
  const part = 'delete'
  return readAction(state, signatures, part, actor, facts, context, ({ detail }) => {
    if (detail.kind !== 'messageDelete') throw new Error('a part is of the kind that it is named for')
    const { event } = detail
    if (event.action !== ACTIONS[whom]) return { rejected: 'signature.mismatch', part, field: 'delete_message_action' }
    const same = event.sequenceIds.length === ids.length && sameSet(event.sequenceIds, ids)
    return same ? null : { rejected: 'signature.mismatch', part, field: 'sequence_ids' }
  })
}

/** As thrift numbers them (x-chat.md 4.1). */
const ACTIONS = { self: 1, all: 2 } as const
