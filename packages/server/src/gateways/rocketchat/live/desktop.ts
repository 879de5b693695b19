// `stream-notify-user <uid>/notification`: that somebody wrote, for those who want to hear of it (rocketchat.md section 3).
// Of an encrypted message it says that there is one.
import type { UserId } from '@conclave/wire'
import type { Delivery } from '../../../bus/bus.ts'
import type { RoomState } from '../../../room/state.ts'
import type { Membership } from '../../../store/store.ts'
import { accountOf, type Document } from '../encode.ts'
import { ejson } from '../frames.ts'
import type { Gate } from '../gate.ts'
import { messageDocument } from '../messages/encode-message.ts'
import { fullNameOf, typeOf } from '../names.ts'
import { emit } from './documents.ts'
import type { Follower } from './feeds.ts'
import { isInRoom, names } from './moment.ts'

const ENCRYPTED = 'Encrypted message'

/** One message, for all whom it is for: encoded once. */
export class Notification {
  readonly #gate: Gate
  readonly #room: RoomState
  readonly #delivery: Delivery
  readonly #followers: readonly UserId[]
  #args: string | null = null

  /** `replied`: who follows the threads, by the sequence of the message that began them. */
  constructor(gate: Gate, room: RoomState, delivery: Delivery, replied: ReadonlyMap<number, readonly UserId[]>) {
    const { body } = delivery.event
    const thread = body.type === 'message' ? body.thread : undefined
    this.#gate = gate
    this.#room = room
    this.#delivery = delivery
    this.#followers = (thread && replied.get(thread.sequence)) ?? []
  }

  async tell(follower: Follower, membership: Membership): Promise<void> {
    if (!follower.listensTo('notification')) return
    // Said before they came (L10).
    if ((this.#room.members.get(follower.user)?.from ?? 0) > this.#delivery.event.sequence) return
    const { parts, people } = this.#gate
    const account = await accountOf(parts, follower.user)
    if (!account) return
    const { desktopNotifications } = (await people.about(account)).profile.preferences
    if (!isWanted(this.#gate, this.#room, this.#delivery, membership, desktopNotifications, this.#followers)) return
    const isQuiet =
      this.#room.suite === 'xchat' && (await parts.reading.notifications(this.#room.id, account.id))?.muted
    if (isQuiet) return
    this.#args ??= ejson([notificationOf(this.#gate, this.#room, this.#delivery)])
    emit(follower, 'notification', this.#args)
  }
}

function notificationOf(gate: Gate, room: RoomState, { event, actor }: Delivery): Document {
  const shown = messageDocument(event, room, actor)
  const realName = gate.settings.get('UI_Use_Real_Name') && actor?.name
  const sender = realName || actor?.username || ''
  const said = shown.t === 'e2e' ? ENCRYPTED : (shown.msg as string)
  const isDirect = typeOf(room) === 'd'
  return {
    title: isDirect ? sender : `#${fullNameOf(room)}`,
    text: isDirect ? said : `${sender}: ${said}`,
    payload: {
      _id: shown._id,
      rid: shown.rid,
      ...(shown.tmid === undefined ? {} : { tmid: shown.tmid }),
      sender: shown.u,
      type: typeOf(room),
      name: isDirect ? sender : fullNameOf(room),
      message: {
        msg: shown.msg,
        ...(shown.t === undefined ? {} : { t: shown.t }),
        ...(shown.content === undefined ? {} : { content: shown.content }),
      },
    },
  }
}

/** Whether the user wants to hear of it: by what they chose for the room, else everywhere. `preferred`: their
 * `desktopNotifications`. `followers`: of the thread that it replies in. */
function isWanted(
  gate: Gate,
  room: RoomState,
  { event }: Delivery,
  { user, kept }: Membership,
  preferred: unknown,
  followers: readonly UserId[],
): boolean {
  if (event.body.type !== 'message' || event.actor === user || kept.disableNotifications === true) return false
  if (event.actor !== null && Object.hasOwn(Object(kept.ignored), event.actor)) return false
  const chosen = kept.desktopNotifications ?? preferred
  if (chosen === 'nothing') return false
  const { mentions } = event.body
  if (mentions && names(mentions, user)) return true
  if (!isInRoom(event.body)) return followers.includes(user)
  if (typeOf(room) === 'd' || chosen === 'all') return true
  const most = gate.settings.get('Notifications_Max_Room_Members')
  const isQuiet = most > 0 && room.members.size > most
  if (isQuiet) return false
  if (mentions && mentions.groups.length > 0 && kept.muteGroupMentions !== true) return true
  return chosen !== 'mentions'
}
