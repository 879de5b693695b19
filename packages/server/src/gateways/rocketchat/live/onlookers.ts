// `__my_messages__` brings the messages of every room that its user may enter, also of public rooms in which they are no
// member (rocketchat.md section 3). Members hear them through the room's feed; the others, here, are asked at each message.
import type { BusMessage, Delivery, Unsubscribe } from '../../../bus/bus.ts'
import { ejson, type Frame, streamFrame } from '../frames.ts'
import type { Gate } from '../gate.ts'
import { messageDocument } from '../messages/encode-message.ts'
import { fullNameOf, typeOf } from '../names.ts'
import { mayWatch } from '../rooms/access.ts'
import type { Follower } from './feeds.ts'

export class Onlookers {
  readonly #gate: () => Gate
  readonly #followers = new Set<Follower>()
  #unsubscribe: Unsubscribe | null = null

  constructor(gate: () => Gate) {
    this.#gate = gate
  }

  /** The follower's connections listen to `__my_messages__`, or none does any more. */
  review(follower: Follower): void {
    if (follower.mine.size > 0) this.#followers.add(follower)
    else this.#followers.delete(follower)
    if (this.#followers.size > 0) this.#unsubscribe ??= this.#subscribe()
    else this.stop()
  }

  #subscribe(): Unsubscribe {
    return this.#gate().parts.bus.subscribe('public', message => this.#receive(message))
  }

  stop(): void {
    this.#unsubscribe?.()
    this.#unsubscribe = null
  }

  #receive(message: BusMessage): void {
    if (message.kind !== 'event' || message.delivery.event.body.type !== 'message') return
    const { delivery } = message
    let frame: Frame | undefined
    for (const follower of this.#followers) {
      if (delivery.room.members.has(follower.user) || !this.#hears(follower, delivery)) continue
      frame ??= frameOf(delivery)
      for (const session of follower.mine.sessions()) session.write(frame)
    }
  }

  #hears({ user }: Follower, { room, channel }: Delivery): boolean {
    const gate = this.#gate()
    const account = gate.parts.identity.accounts.peek(user)
    return account !== undefined && mayWatch(gate, account, { room, channel }, 'events')
  }
}

function frameOf({ event, room, actor }: Delivery): Frame {
  const about = { roomParticipant: false, roomType: typeOf(room), roomName: fullNameOf(room) }
  const args = `[${ejson(messageDocument(event, room, actor))},${JSON.stringify(about)}]`
  return streamFrame('room-messages', '__my_messages__', args)
}
