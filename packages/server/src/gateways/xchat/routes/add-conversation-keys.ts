// POST /2/chat/conversations/{id}/keys: the first key of a one-to-one, which begins with it, or the next key of any.

import type { RoomId, UserId } from '@conclave/wire'
import { z } from 'zod'
import type { Answer } from '../../../engine/engine.ts'
import { blankRoom } from '../../../room/commands/create-room.ts'
import type { Wrap } from '../../../room/events.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { ActionSignature } from '../../../room/signatures.ts'
import { actionSignatures, participantKeys, signaturesOf, wrapsOf } from '../actions.ts'
import type { Address } from '../conversation.ts'
import { about, addressOf, find, resourceId, roomAt } from '../conversation.ts'
import { problemOf } from '../errors.ts'
import { ROTATION_BYTES } from '../limits.ts'
import { notFound, Refusal } from '../problem.ts'
import type { Call, XchatParts } from '../route.ts'
import { route } from '../route.ts'
import { object, version } from '../schema.ts'

const body = object({
  conversation_key_version: version,
  conversation_participant_keys: participantKeys,
  action_signatures: actionSignatures,
  /** A ratchet tree that no client of X's sends. Not read. */
  base64_encoded_key_rotation: z.string('must be a string').optional(),
})

/** The one field of this body that names people. */
const WRAPPED_FOR = 'conversation_participant_keys'

interface Keys {
  readonly version: string
  readonly wraps: readonly Wrap[]
  readonly signatures: readonly ActionSignature[]
}

export const addConversationKeys = route({
  operation: 'addConversationKeys',
  method: 'POST',
  path: '/chat/conversations/:id/keys',
  scopes: ['dm.write', 'users.read', 'tweet.read'],
  query: z.object({}),
  body,
  answer: z.object({ data: z.object({ conversation_id: z.string(), sequence_id: z.string() }) }),
  bodyLimit: ROTATION_BYTES,
  async run(call, parts) {
    const address = addressOf(call.param('id'), call.caller)
    if (address instanceof Refusal) return address
    const begins = address.kind === 'pair' && (await find(address, parts)) === undefined
    const room = begins ? null : await roomAt(address, call.caller, parts)
    if (room instanceof Refusal) return room
    const sent = call.body()
    if (sent instanceof Refusal) return sent
    const keys: Keys = {
      version: sent.conversation_key_version,
      wraps: wrapsOf(sent.conversation_participant_keys),
      signatures: signaturesOf(sent.action_signatures),
    }
    const done = room ? await rotate(room.id, keys, call, parts) : await begin(address, keys, call, parts)
    if (done instanceof Refusal) return done
    if (isRejection(done))
      return new Refusal(problemOf(done, about(parts, address.id, await now(address, parts), WRAPPED_FOR)))
    const keyChange = done.events.find(event => event.body.type === 'epoch.opened')
    return { data: { conversation_id: resourceId(done.room), sequence_id: keyChange?.id ?? '' } }
  },
})

type Caller = Pick<Call<unknown, unknown>, 'caller' | 'bytes'>

function rotate(room: RoomId, keys: Keys, { caller, bytes }: Caller, parts: XchatParts): Promise<Answer> {
  return parts.engine.submit({
    room,
    session: caller.session,
    bytes,
    command: { command: 'open-epoch', actor: caller.account.id, replaces: false, ...keys },
  })
}

async function begin(address: Address, keys: Keys, call: Caller, parts: XchatParts): Promise<Answer | Refusal> {
  if (address.kind !== 'pair') throw new Error('only a one-to-one begins with its key')
  if (!(await parts.identity.accounts.load(address.other))) return new Refusal(notFound('user', 'id', address.other))
  const done = await createPair(address.pair, keys, call, parts)
  if (!isRejection(done) || done.rejected !== 'room.taken') return done
  // The other one was faster: their key is the one that counts now.
  const room = await find(address, parts)
  return { rejected: 'conflict', current: room?.epoch?.version ?? null }
}

function createPair(
  pair: readonly [UserId, UserId],
  keys: Keys,
  { caller, bytes }: Caller,
  parts: XchatParts,
): Promise<Answer> {
  return parts.engine.submit({
    room: parts.newId() as RoomId,
    channel: parts.roomsChannel,
    session: caller.session,
    bytes,
    command: {
      command: 'create-room',
      actor: caller.account.id,
      claimName: false,
      slot: null,
      room: blankRoom({ suite: 'xchat', kind: 'direct', members: pair, pair }),
      epoch: keys,
    },
  })
}

/** The conversation after a refusal, for the version that it names. */
async function now(address: Address, parts: XchatParts) {
  return (await find(address, parts)) ?? null
}
