// From events to what clients read. Each push is encoded once, as a finished frame that all sockets share; an answer is
// encoded once for the ack and for the emitted event (dino.md 0, items 4 and 5).
import { type ChannelId, type EventId, type RoomId, type UserId, uuidOf } from '@conclave/wire'
import { type Around, textFrame, textFramesAround, textStart } from '../../fanout/frame.ts'
import type { RoomEvent } from '../../room/events.ts'
import type { Account, Channel } from '../../room/facts.ts'
import { isHidden } from '../../room/rights.ts'
import type { RoomState } from '../../room/state.ts'
import type { GatewayParts } from '../gateway.ts'
import { contentOf } from './envelope.ts'
import { CODE, type Refusal } from './errors.ts'
import { channelName, partOf, roomName, userName } from './names.ts'
import { detailsOf } from './people.ts'

/** Who made an activity: the name of this server in the place where Dino has its environment's. */
export const PROVIDER = { id: 'conclave' } as const

export const NAMESPACE = '/ws'

/** RFC 3339 in UTC, to the second. `at` in ms since 1970. */
export function published(at: number): string {
  const second = Math.floor(at / 1_000)
  if (second !== lastSecond) {
    lastPublished = `${new Date(at).toISOString().slice(0, 19)}Z`
    lastSecond = second
  }
  return lastPublished
}
let lastSecond = Number.NaN
let lastPublished = ''

export function idOf(id: RoomId | ChannelId | EventId | string): string {
  return uuidOf(id)
}

/** An event for clients of both Engine.IO generations. `json`: its one argument. */
export function eventFrame(name: string, json: string): Buffer {
  return textFrame(`42${NAMESPACE},["${name}",${json}]`)
}

/** The positive answer to `message`, as the event that everybody gets who sends one, and as an ack where one is wanted:
 * both in one Buffer. `message`: the JSON of its push. */
export function sentFrames(message: Buffer, asEvent: boolean, ack: number | null): Buffer {
  const around: Around[] = asEvent ? [SENT] : []
  if (ack !== null) around.push([`43${NAMESPACE},${ack}[${SUCCESS}`, '}]'])
  return textFramesAround(message, around)
}
const SUCCESS = `{"status_code":${CODE.OK},"data":`
const SENT: Around = [`42${NAMESPACE},["gn_message",${SUCCESS}`, '}]']

/** `json` null: an ack without arguments. */
export function ackFrame(id: number, json: string | null): Buffer {
  return textFrame(`43${NAMESPACE},${id}[${json ?? ''}]`)
}

/** `data` as JSON text. */
export function successJson(data: string): string {
  return `${SUCCESS}${data}}`
}

/** `stamp`: the id and time of the activity that says who is banned or muted, and until when. */
export function refusalJson({ code, text, sanction }: Refusal, stamp: Stamp): string {
  if (!sanction) return JSON.stringify({ status_code: code, error: text, message: text })
  const activity = { ...sanction, ...stamp, provider: PROVIDER }
  return JSON.stringify({ status_code: code, data: activity, error: activity, message: text })
}

/** What every activity of the server carries. */
export interface Stamp {
  readonly id: string
  readonly published: string
}

/** Where a message is shown, and by whom. */
interface Shown {
  readonly room: RoomState
  readonly channel: Channel
}
type Site = Pick<GatewayParts, 'publicUrl'>

/** A message as its room and its sender see it: what the client sent, with the server's own fields. */
export function messageJson(event: RoomEvent, place: Shown, account: Account | null, site: Site): string {
  if (event.body.type !== 'message') throw new Error('not a message')
  const { content, messageId } = event.body
  const text = contentOf(content, messageId, site)
  const extra = content.suite === 'none' ? content.extra?.dino : undefined
  return extra ? extendedJson(event, place, account, text, extra) : usualJson(event, place, account, text)
}

/** The push of a message, made once for everybody: in the turn of the commit its sender's answer is made of it too. */
export function messageFrame(event: RoomEvent, place: Shown, account: Account | null, site: Site): Buffer {
  const known = pushes.get(event)
  if (known !== undefined) return known
  const frame = textFrame(`${PUSH}${messageJson(event, place, account, site)}]`)
  // Behind the answers of a commit, which are ready when it is told of.
  if (pushes.size === 0) process.nextTick(forgetPushes)
  pushes.set(event, frame)
  return frame
}
const PUSH = `42${NAMESPACE},["message",`
let pushes = new Map<RoomEvent, Buffer>()

/** Not cleared: a table that was cleared leads to the next one, and V8's quick collections keep whatever an old dead table
 * leads to, so that every message would live until a full one. */
function forgetPushes(): void {
  pushes = new Map()
}

/** The JSON inside of a message's push. */
export function jsonOfPush(frame: Buffer): Buffer {
  return frame.subarray(textStart(frame) + PUSH.length, -1)
}

/** Ids, names, contents and times need no escapes: JSON is put together of what is there already. */
function usualJson(
  { id, at, actor }: RoomEvent,
  { room, channel }: Shown,
  account: Account | null,
  content: string,
): string {
  const isPrivate = isHidden(room)
  const target = targetPart(room)
  const object = isPrivate ? privateObjectPart(channel) : objectPart(channel)
  const by = account?.id === actor ? actorPart(account as Account) : actorJson(actor, account)
  return `{"verb":"send",${target},${object},"content":"${content}"},${by},"published":"${published(at)}","id":"${idOf(id)}"}`
}

const targetPart = partOf<RoomState>(room => {
  const isPrivate = isHidden(room)
  return `"target":{"id":"${idOf(room.id)}","objectType":"${isPrivate ? 'private' : 'room'}","displayName":"${isPrivate ? '' : roomName(room)}"}`
})
const objectPart = partOf<Channel>(
  channel => `"object":{"url":"${idOf(channel.id)}","displayName":"${channelName(channel)}"`,
)
const privateObjectPart = partOf<Channel>(channel => `"object":{"url":"${idOf(channel.id)}","displayName":""`)
const actorPart = partOf<Account>(account => actorJson(account.id, account))

function actorJson(id: UserId | null, account: Account | null): string {
  return `"actor":${JSON.stringify(actorOf(id, account))}`
}

function actorOf(id: UserId | null, account: Account | null) {
  return {
    id: id ?? SERVER,
    displayName: account ? userName(account) : '',
    // Nobody finds an invisible sender in a list of users.
    ...(account?.invisible ? { attachments: detailsOf(account) } : {}),
  }
}

/** With what the client sent beside the text. */
function extendedJson(
  event: RoomEvent,
  { room, channel }: Shown,
  account: Account | null,
  content: string,
  extra: Readonly<Record<string, unknown>>,
): string {
  const objectType = fieldsOf(extra.target).objectType ?? (isHidden(room) ? 'private' : 'room')
  const isPrivate = objectType === 'private'
  return JSON.stringify({
    ...extra,
    verb: extra.verb ?? 'send',
    target: { ...fieldsOf(extra.target), id: idOf(room.id), objectType, displayName: isPrivate ? '' : roomName(room) },
    object: {
      url: idOf(channel.id),
      displayName: isPrivate ? '' : channelName(channel),
      ...fieldsOf(extra.object),
      content,
    },
    actor: { ...fieldsOf(extra.actor), ...actorOf(event.actor, account) },
    published: published(event.at),
    id: idOf(event.id),
  })
}

/** Dino's administrator, who stands for the server. */
const SERVER = '0'

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** `content`: as it was sent, base64. */
export function whisperJson(
  room: RoomState,
  channel: Channel,
  account: Account,
  content: string,
  stamp: Stamp,
): string {
  return JSON.stringify({
    actor: { id: account.id, displayName: userName(account) },
    verb: 'whisper',
    object: { content, url: idOf(channel.id), displayName: channelName(channel) },
    target: { id: idOf(room.id), displayName: roomName(room) },
    ...stamp,
    provider: PROVIDER,
  })
}
