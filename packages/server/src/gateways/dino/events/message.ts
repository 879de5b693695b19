// `message`: to a room, to a private room, or to another user (dino.md section 4). What the client sent beside the text
// is kept and echoed (extra.ts); the push goes out after the commit and before the sender's answer.
import { dinoBase64, type EventId } from '@conclave/wire'
import type { Asker, Answer as Done } from '../../../engine/engine.ts'
import { WHISPERED } from '../../../limits.ts'
import type { SendMessage } from '../../../room/commands/send-message.ts'
import { decide } from '../../../room/decide.ts'
import type { RoomEvent } from '../../../room/events.ts'
import { type Account, type Channel, isOperator } from '../../../room/facts.ts'
import type { Rejection } from '../../../room/rejection.ts'
import { isRejection } from '../../../room/rejection.ts'
import type { RoomState } from '../../../room/state.ts'
import { type Activity, echo } from '../activity.ts'
import { idOf, messageFrame, messageJson } from '../encode.ts'
import { type Sealed, unsealed } from '../envelope.ts'
import { CODE, malformed, type Refusal, refusal, refusalOf } from '../errors.ts'
import { tellBlacklisted } from '../external.ts'
import { extraOf } from '../extra.ts'
import { type Answer, type Asked, type Gate, type Handled, refused } from '../gate.ts'
import {
  channelOf,
  type Found,
  openDirectRoom,
  originOf,
  roomAtHand,
  roomKnownTo,
  roomOf,
  userNamed,
} from '../rooms.ts'
import { isLonger } from '../text-length.ts'
import { mayWhisper, type Whisper, whisperIn } from '../whispers.ts'

export function message(asked: Asked): Handled | Promise<Handled> {
  const text = textOf(asked.activity)
  if (typeof text !== 'string') return refused(text)
  const place = placeAtHand(asked)
  const command = place && commandAtHand(asked, text, place)
  if (!command) return messageLater(asked, text, place)
  send(asked, place, command, text.length)
  return 'later'
}

/** What most messages come to, of which all is in memory and nothing is wrong; undefined where `messageLater` has to look. */
function commandAtHand(asked: Asked, text: string, place: Place): SendMessage | undefined {
  const { gate, account } = asked
  const isPlain = place.room.suite === 'none'
  if (isPlain && (mayWhisper(text) || faultOf(gate, text) || !(gate.words.none || isOperator(account))))
    return undefined
  const inside = isInside(asked, place.room)
  const sealed = sealedOf(asked, text, place)
  if (typeof inside !== 'boolean' || 'code' in sealed || isRejection(sealed)) return undefined
  return commandOf(asked, sealed, inside)
}

function commandOf({ gate, account }: Asked, { content, messageId, digest }: Sealed, inside: boolean): SendMessage {
  const command = { command: 'send-message', actor: account.id, content, messageId, digest, inside } as const
  const more = { attributes: null, origin: null }
  return gate.parts.config.dino.validateMutes ? { ...command, ...more } : { ...command, ...more, ignoreMutes: true }
}

/** Of a member it is not asked; who is removed meanwhile is inside only where they have joined. */
function isInside({ gate, session, account }: Asked, room: RoomState): boolean | Promise<boolean> {
  if (room.members.has(account.id)) return session.rooms.has(room.id)
  return gate.parts.occupancy.inside(room.id, account.id)
}

function sealedOf(asked: Asked, text: string, place: Place): Sealed | Refusal | Rejection {
  const { suite } = place.room
  return suite === 'none' ? plain(asked, text, place) : unsealed(suite, text)
}

/** Hands a message to the engine; its answer follows the push. */
function send(asked: Asked, place: Place, command: SendMessage, size: number): void {
  const { gate, live } = asked
  const submission = { room: place.room.id, command, session: live.id, bytes: size + 512 }
  gate.parts.engine.begin(submission, new Sending(asked, place))
  asked.placed()
}

/** A message that the engine has. */
class Sending implements Asker {
  readonly #asked: Asked
  readonly #place: Place

  constructor(asked: Asked, place: Place) {
    this.#asked = asked
    this.#place = place
  }

  answered(done: Done): void {
    const { gate, account } = this.#asked
    const place = this.#place
    let answer: Answer
    try {
      answer = isRejection(done)
        ? refusedMessage(gate, done, place)
        : { sent: messageFrame(done.events[0] as RoomEvent, place, account, gate.parts) }
    } catch (error) {
      this.failed(error)
      return
    }
    this.#asked.end(answer)
  }

  failed(error: unknown): void {
    this.#asked.fail(error)
  }
}

async function messageLater(asked: Asked, text: string, atHand: Place | undefined): Promise<Handled> {
  const { gate, account } = asked
  const place = atHand ?? (await placeOf(asked))
  if ('code' in place) return refused(place)
  const { room, from } = place
  const isPlain = room.suite === 'none'
  const whisper = isPlain && mayWhisper(text) ? await whisperOf(asked, text, place) : null
  if (whisper && 'code' in whisper) return refused(whisper)
  const sealed = sealedOf(asked, text, place)
  if ('code' in sealed) return refused(sealed)
  if (isRejection(sealed)) return refusedMessage(gate, sealed, place)
  const isIn = isInside(asked, room)
  const inside = typeof isIn === 'boolean' ? isIn : await isIn
  const first: SendMessage = {
    ...commandOf(asked, sealed, inside),
    origin: from && (await originOf(gate.parts, from, account)),
    ...(whisper && { to: whisper.to }),
  }
  const checked = isPlain ? checkText(asked, text, place, first, whisper) : null
  const barred = checked && (await checked)
  if (barred) return isRejection(barred) ? refusedMessage(gate, barred, place) : refused(barred)
  // The site may take its time, and of who is put out meanwhile no log knows.
  const mayHaveGone = whisper !== null && gate.whisperCheck.active
  const command = mayHaveGone ? { ...first, inside: await gate.parts.occupancy.inside(room.id, account.id) } : first
  const within = isPlain && !isOperator(account) && gate.words.within(text)
  if (typeof within === 'boolean' ? within : await within) return withheld(asked, place, command)
  send(asked, place, command, text.length)
  return 'later'
}

/** Where a message goes and where it comes from. */
interface Place extends Found {
  readonly from: Found | null
  /** The channel that the client names. */
  readonly named: Channel | null
}

/** The text of the message, in the order of the real server's checks. */
function textOf({ object }: Activity): string | Refusal {
  if (!object) return malformed('object is missing')
  if (object.content === undefined) return refusal(CODE.EMPTY_MESSAGE, 'empty message body')
  const text = dinoBase64(object.content)
  return text ?? refusal(CODE.NOT_BASE64, 'invalid message content, not base64 encoded')
}

/** For most messages, which name a room and nothing else, that is all in memory; undefined where `placeOf` has to look. */
function placeAtHand({ gate, activity: { target, object, actor } }: Asked): Place | undefined {
  if (target?.id === undefined || target.objectType !== 'room') return undefined
  if (object?.url !== undefined || actor?.url !== undefined) return undefined
  const found = roomAtHand(gate.parts, target.id)
  return found && { ...found, from: null, named: null }
}

async function placeOf(asked: Asked): Promise<Place | Refusal> {
  const { gate, account, activity } = asked
  const { target, object, actor } = activity
  if (!target) return malformed('target is missing')
  if (target.id === undefined) return refusal(CODE.MISSING_TARGET_ID, 'no room id specified when sending message')
  const { objectType } = target
  if (objectType !== 'room' && objectType !== 'private') {
    const text = `invalid object_type "${echo(objectType)}", must be one of [room, private]`
    return refusal(CODE.INVALID_TARGET_TYPE, text)
  }
  const named = object?.url === undefined ? null : await channelOf(gate.parts, object.url)
  if (named === undefined) return refusal(CODE.NO_SUCH_CHANNEL, 'no such channel')
  const found = await targetOf(asked, target.id, objectType)
  if ('code' in found) return found
  if (actor?.url === undefined) return { ...found, from: null, named }
  const from = await roomKnownTo(gate.parts, actor.url, account)
  return from ? { ...found, from, named } : refusal(CODE.NO_SUCH_ROOM, `origin room ${echo(actor.url)} does not exist`)
}

/** A room by its id, or, for a private message, the other user of a talk between two. */
async function targetOf(
  { gate, live, account }: Asked,
  id: string,
  objectType: 'room' | 'private',
): Promise<Found | Refusal> {
  const { parts } = gate
  const other = objectType === 'private' ? userNamed(id) : undefined
  if (other === undefined) {
    return (await roomOf(parts, id)) ?? refusal(CODE.NO_SUCH_ROOM, `target room ${echo(id)} does not exist`)
  }
  if (other === account.id) return refusal(CODE.NOT_ALLOWED, 'nobody talks to themselves')
  if (!(await parts.identity.accounts.load(other))) return refusal(CODE.NO_SUCH_USER, 'no such user')
  const room = await openDirectRoom(parts, account, other, live.id)
  return isRejection(room) ? refusalOf(room, { now: parts.clock.now() }) : room
}

/** null for what everybody hears. A talk (`private`) goes to all who belong to it, as on the real server. */
async function whisperOf({ gate, activity }: Asked, text: string, { room }: Place): Promise<Whisper | Refusal | null> {
  if (room.suite !== 'none' || room.kind === 'direct' || activity.target?.objectType === 'private') return null
  const whisper = await whisperIn(gate.parts, room, text)
  if (whisper !== 'too many') return whisper
  return refusal(CODE.NOT_ALLOWED, `a whisper names at most ${WHISPERED} users`)
}

/** A text as it is kept, with what the client sent beside it. */
function plain({ gate, account, activity }: Asked, text: string, place: Place): Sealed | Refusal {
  const dino = extraOf(gate.parts, activity, account, place)
  if (dino === null) return { content: { suite: 'none', text }, messageId: null, digest: '' }
  if ('code' in dino) return dino
  return { content: { suite: 'none', text, extra: { dino: dino.fields } }, messageId: null, digest: '' }
}

/** What stands against a text, in the order of the real server: whoever may not send here hears of that first, then what
 * the embedding site says of a whisper, and last of all what is wrong with the text. */
function checkText(
  asked: Asked,
  text: string,
  place: Place,
  command: SendMessage,
  whisper: Whisper | null,
): Promise<Rejection | Refusal | null> | null {
  const { gate } = asked
  const fault = faultOf(gate, text)
  const names = whisper && gate.whisperCheck.active ? whisper.names : []
  return fault || names.length > 0 ? rehearse(asked, fault, names, place, command) : null
}

async function rehearse(
  { gate, account }: Asked,
  fault: Refusal | null,
  names: readonly string[],
  place: Place,
  command: SendMessage,
): Promise<Rejection | Refusal | null> {
  const decided = rehearsed(gate, place, account, command)
  if (isRejection(decided)) return decided
  return (await gate.whisperCheck.refuses(account.id, names)) ?? fault
}

function faultOf({ parts }: Gate, text: string): Refusal | null {
  const { noEmpty, limitMessageLength } = parts.config.dino
  if (noEmpty && text.trim() === '') return refusal(CODE.EMPTY_MESSAGE, 'empty message body')
  if (limitMessageLength && isLonger(text, limitMessageLength.max))
    return refusal(CODE.MSG_TOO_LONG, `the message is longer than ${limitMessageLength.max} characters`)
  return null
}

/** A word that is not let through: what would be answered is answered, the sender sees the message, nobody else does. */
function withheld({ gate, session, account }: Asked, place: Place, command: SendMessage): Answer {
  const { parts } = gate
  const { room, channel } = place
  const decided = rehearsed(gate, place, account, command)
  if (isRejection(decided)) return refusedMessage(gate, decided, place)
  const at = parts.clock.now()
  const body = decided.events[0] as RoomEvent['body']
  const event = { room: room.id, sequence: 0, id: parts.newId() as EventId, at, actor: account.id, body }
  session.emit('message', messageJson(event, { room, channel }, account, parts))
  tellBlacklisted(gate, account, room, idOf(event.id))
  return { sent: messageFrame(event, place, account, parts) }
}

/** What the engine would decide at this moment. */
function rehearsed({ parts }: Gate, { room, channel }: Found, account: Account, command: SendMessage) {
  const facts = { channel, account: () => account, keys: () => undefined }
  const { settings } = parts.engine
  const now = parts.clock.now()
  return decide(room, command, facts, { now, raced: false, overtaken: false, settings, verify: () => false })
}

function refusedMessage({ parts }: Gate, rejection: Rejection, { room, channel, from }: Place): Answer {
  const refusal = refusalOf(rejection, { now: parts.clock.now(), room, channel })
  const action = rejection.rejected === 'acl' ? rejection.acl.action : undefined
  if (action === 'whisper')
    return refused({ code: CODE.NOT_ALLOWED_TO_WHISPER_CHANNEL, text: 'not allowed to whisper in channel' })
  if (action !== 'crossroom' || !from) return refused(refusal)
  const text = `user not allowed to send cross-room msg from ${idOf(from.room.id)} to ${idOf(room.id)}`
  return refused({ ...refusal, text })
}
