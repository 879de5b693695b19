// `whisper`: a text for one user who is in the same room; it reaches their sessions alone and is stored nowhere (dino.md
// section 4, whisper). Whoever may not send into the room does not whisper in it either, and neither does whom the
// embedding site does not let whisper to that user.
import { dinoBase64 } from '@conclave/wire'
import { MESSAGE_TEXT } from '../../../limits.ts'
import { type Account, isOperator } from '../../../room/facts.ts'
import type { Rejection } from '../../../room/rejection.ts'
import { belongs, checkChannelAcls, checkMute, checkStanding, visitorOf } from '../../../room/rights.ts'
import { echo } from '../activity.ts'
import { whisperJson } from '../encode.ts'
import { CODE, type Refusal, refusal } from '../errors.ts'
import { type Answer, type Asked, DONE, refused, rejectionAnswer, stamp } from '../gate.ts'
import { type Found, roomKnownTo, userNamed } from '../rooms.ts'
import { tellUser } from '../tell.ts'
import { isLonger } from '../text-length.ts'

export async function whisperTo(asked: Asked): Promise<Answer> {
  const { gate, account } = asked
  const wanted = wantedBy(asked)
  if ('code' in wanted) return refused(wanted)
  const { text, content } = wanted
  const first = await placeOf(asked, wanted)
  if (!('target' in first)) return first
  const unwanted = await gate.whisperCheck.refuses(account.id, [first.target.username])
  if (unwanted) return refused(unwanted)
  // The site may have taken its time.
  const place = gate.whisperCheck.active ? await placeOf(asked, wanted) : first
  if (!('target' in place)) return place
  const { room, channel, target } = place
  const unheard = !isOperator(account) && (target.excluded.includes(account.id) || (await gate.words.within(text)))
  if (!unheard)
    tellUser(gate.parts.bus, target.id, 'gn_whisper', whisperJson(room, channel, account, content, stamp(gate)))
  return DONE
}

interface Place extends Found {
  readonly target: Account
}

/** Where and to whom, if the one may whisper there and the other is there. */
async function placeOf(asked: Asked, { to, url }: Wanted): Promise<Place | Answer> {
  const { gate, account } = asked
  const found = await roomKnownTo(gate.parts, url, account)
  if (!found) return refused(refusal(CODE.NO_SUCH_ROOM, 'no room found for actor.url (room uuid to whisper in)'))
  const barred = await checkSender(asked, found)
  if (barred) return rejectionAnswer(gate, barred, found.room, found.channel)
  const user = userNamed(to)
  const target = user && (await gate.parts.identity.accounts.load(user))
  if (!target?.active) return refused(refusal(CODE.NO_SUCH_USER, `no such user ${echo(to)}`))
  if (await isThere(asked, found, target)) return { ...found, target }
  return refused(refusal(CODE.USER_NOT_IN_ROOM, 'the user to whisper to is not in the room'))
}

interface Wanted {
  readonly to: string
  readonly url: string
  /** As it was sent, base64. */
  readonly content: string
  readonly text: string
}

function wantedBy({ gate, activity }: Asked): Wanted | Refusal {
  const { actor, object, target } = activity
  if (target?.id === undefined) return refusal(CODE.MISSING_TARGET_ID, 'no target.id (user uuid to whisper to)')
  if (actor?.url === undefined) return refusal(CODE.MISSING_ACTOR_URL, 'no actor.url (room uuid to whisper in)')
  if (object?.content === undefined)
    return refusal(CODE.MISSING_OBJECT_CONTENT, 'no object.content (message to whisper)')
  const { content } = object
  const text = dinoBase64(content)
  if (text === undefined) return refusal(CODE.NOT_BASE64, 'object.content needs to be base64 encoded')
  const most = Math.min(MESSAGE_TEXT, gate.parts.config.dino.limitMessageLength?.max ?? MESSAGE_TEXT)
  if (isLonger(text, most)) return refusal(CODE.MSG_TOO_LONG, `the message is longer than ${most} characters`)
  return { to: target.id, url: actor.url, content, text }
}

/** As for a message, but the channel's rule for whispers comes first, as recorded. */
async function checkSender({ gate, account }: Asked, { room, channel }: Found): Promise<Rejection | null> {
  const { config, clock, engine, occupancy } = gate.parts
  const now = clock.now()
  const barred =
    checkChannelAcls(channel, 'whisper', visitorOf(engine.settings.acl, null, channel, account)) ??
    checkStanding(room, channel, account, now)
  if (barred) return barred
  if (!belongs(room, account.id) && !(await occupancy.inside(room.id, account.id)))
    return { rejected: 'occupant.required', where: 'room' }
  if (room.suite !== 'none') return { rejected: 'suite.refused', text: 'nobody whispers in an encrypted room' }
  return config.dino.validateMutes ? checkMute(room, channel, account, now) : null
}

/** Whoever belongs to the room, unless they are banned from it, or is inside; an invisible user is there for operators
 * alone, as in every list. */
async function isThere({ gate, account }: Asked, { room, channel }: Found, target: Account): Promise<boolean> {
  const { clock, occupancy } = gate.parts
  if (belongs(room, target.id) && !checkStanding(room, channel, target, clock.now())) return true
  const sessions = await occupancy.occupants(room.id)
  return sessions.some(session => session.user === target.id && (!session.invisible || isOperator(account)))
}
