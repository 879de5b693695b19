// `POST /send`: a message in a user's name, to a room or to another user. It is answered with 200 whatever comes of it;
// where it was refused, `data` says why. Without `persist` it is shown to who is there now, and kept nowhere.
import { isUserId, type UserId } from '@conclave/wire'
import { z } from 'zod'
import type { Account } from '../../../../room/facts.ts'
import { isRejection, type Rejection } from '../../../../room/rejection.ts'
import { belongs, checkMute, checkStanding, isHidden } from '../../../../room/rights.ts'
import { idOf } from '../../encode.ts'
import { CODE, type Code, refusalOf } from '../../errors.ts'
import { type Gate, stamp } from '../../gate.ts'
import { roomName, userName } from '../../names.ts'
import { detailsOf } from '../../people.ts'
import { type Found, openDirectRoom } from '../../rooms.ts'
import { tellRoom, tellUser } from '../../tell.ts'
import { Fault, type Given, NOTHING, route } from '../route.ts'
import { base64, short, userId } from '../shapes.ts'
import { roomBy, textOf } from '../targets.ts'
import { accountFor } from '../users.ts'

const shape = z.object({
  user_id: userId,
  user_name: base64.nullish(),
  object_type: short,
  target_id: short.nullish(),
  target_name: base64.nullish(),
  content: base64,
  persist: z.boolean().nullish(),
  include_user_info: z.boolean().nullish(),
})

type Sent = z.output<typeof shape>

interface Refused {
  readonly code: Code
  readonly message: string
}

export const send = route({
  method: 'POST',
  path: '/send',
  summary: 'Sends a message in a user’s name; `data` says why where it was not sent.',
  wrapped: false,
  // Whatever the body is, the answer is 200.
  body: z.unknown(),
  answer: z.object({ code: z.number().int(), message: z.string() }).optional(),
  async run(gate, body): Promise<Given> {
    const parsed = shape.safeParse(body)
    const refused = parsed.success
      ? await sendFor(gate, parsed.data)
      : fault(CODE.VALIDATION_ERROR, 'the body is not valid')
    return refused ? { data: refused } : NOTHING
  },
})

function fault(code: Code, message: string): Refused {
  return { code, message }
}

async function sendFor(gate: Gate, sent: Sent): Promise<Refused | null> {
  const text = textOf(sent.content, 'content')
  if (text instanceof Fault) return fault(CODE.NOT_BASE64, text.text)
  if (text.trim() === '') return fault(CODE.EMPTY_MESSAGE, 'empty message body')
  const name = textOf(sent.user_name ?? undefined, 'user_name')
  if (name instanceof Fault) return fault(CODE.NOT_BASE64, name.text)
  const account = await accountFor(gate.parts, sent.user_id, name)
  if (account instanceof Fault) return fault(CODE.NO_SUCH_USER, account.text)
  if (sent.object_type === 'private' && sent.target_id && isUserId(sent.target_id))
    return toUser(gate, sent, text, account, sent.target_id)
  if (sent.object_type !== 'room' && sent.object_type !== 'private')
    return fault(CODE.INVALID_TARGET_TYPE, 'object_type must be room or private')
  const found = await roomBy(gate, { room_id: sent.target_id ?? undefined, room_name: sent.target_name ?? undefined })
  if (found instanceof Fault) return fault(CODE.NO_SUCH_ROOM, found.text)
  return toRoom(gate, sent, text, account, found)
}

async function toUser(gate: Gate, sent: Sent, text: string, account: Account, to: UserId): Promise<Refused | null> {
  const other = await gate.parts.identity.users.find({ id: to })
  if (!other) return fault(CODE.NO_SUCH_USER, 'no such user')
  if (!sent.persist) {
    const barred = checkStanding(null, NOWHERE, account, gate.parts.clock.now())
    if (barred) return refusedAs(gate, barred)
    const target = { id: to, objectType: 'private', displayName: userName(other) }
    tellUser(gate.parts.bus, to, 'message', messageOf(gate, sent, account, target))
    return null
  }
  const found = await openDirectRoom(gate.parts, account, to, SESSION)
  if (isRejection(found)) return refusedAs(gate, found)
  return keep(gate, sent, text, account, found)
}

async function toRoom(gate: Gate, sent: Sent, text: string, account: Account, found: Found): Promise<Refused | null> {
  const { room, channel } = found
  if (room.suite !== 'none') return fault(CODE.NOT_ALLOWED, 'the room is encrypted and takes no plaintext')
  if (isHidden(room) && !belongs(room, account.id)) return fault(CODE.NO_SUCH_ROOM, 'no such room')
  if (sent.persist) return keep(gate, sent, text, account, found)
  const now = gate.parts.clock.now()
  const barred = checkStanding(room, channel, account, now) ?? checkMute(room, channel, account, now)
  if (barred) return refusedAs(gate, barred, found)
  const target = { id: idOf(room.id), objectType: 'room', displayName: roomName(room) }
  tellRoom(gate.parts.bus, room.id, 'message', messageOf(gate, sent, account, target))
  return null
}

/** Through the log, as if the user had sent it from inside. */
async function keep(gate: Gate, sent: Sent, text: string, account: Account, found: Found): Promise<Refused | null> {
  const extra = sent.include_user_info ? { extra: { dino: { actor: { attachments: detailsOf(account) } } } } : {}
  const done = await gate.parts.engine.submit({
    room: found.room.id,
    command: {
      command: 'send-message',
      actor: account.id,
      content: { suite: 'none', text, ...extra },
      messageId: null,
      digest: '',
      inside: true,
      attributes: null,
      origin: null,
    },
    session: null,
    bytes: text.length + 512,
  })
  return isRejection(done) ? refusedAs(gate, done, found) : null
}

function messageOf(gate: Gate, sent: Sent, account: Account, target: object): string {
  const attachments = sent.include_user_info ? { attachments: detailsOf(account) } : {}
  return JSON.stringify({
    actor: { id: account.id, displayName: sent.user_name || userName(account), ...attachments },
    verb: 'send',
    target,
    object: { content: sent.content },
    ...stamp(gate),
  })
}

/** A mute has its own code here (the seed's 719): on the socket it is 703 (the seed's words there). */
function refusedAs({ parts }: Gate, rejection: Rejection, found?: Found): Refused {
  const { code, text } = refusalOf(rejection, { now: parts.clock.now(), ...found })
  return fault(rejection.rejected === 'muted' ? CODE.USER_MUTED : code, text)
}

/** For the place of direct rooms in the engine's queue. */
const SESSION = 'dino.http'

/** A message to one user lies in no channel. */
const NOWHERE = {
  id: '0' as never,
  version: 0,
  name: '',
  sort: 0,
  tags: [],
  owners: [],
  admins: [],
  acls: [],
  sanctions: [],
}
