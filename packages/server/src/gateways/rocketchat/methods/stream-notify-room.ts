// `stream-notify-room`: typing, under one's own name, and the offers of calls, to whoever watches the room. Void, also
// where nothing is sent.
import { z } from 'zod'
import { EVENT_NAME, SIGNAL_BYTES } from '../limits.ts'
import { SIGNAL } from '../live/tell.ts'
import { type Call, method } from '../method.ts'
import { roomOf } from '../names.ts'
import { list } from '../params.ts'
import { mayWatch } from '../rooms/access.ts'

export const streamNotifyRoom = method({
  name: 'stream-notify-room',
  params: list(z.string().max(EVENT_NAME)),
  async run(call, [eventName, ...args]) {
    const { gate, caller, bytes } = call
    const at = eventName.indexOf('/')
    const event = eventName.slice(at + 1)
    const told = bytes > SIGNAL_BYTES ? null : toldOf(call, event, args)
    if (!told) return undefined
    const { account, connection } = caller
    const found = await roomOf(gate.parts, account, eventName.slice(0, at))
    if (!found || !mayWatch(gate, account, found, 'events')) return undefined
    gate.parts.bus.publish(`room:${found.room.id}`, {
      kind: 'signal',
      name: SIGNAL.room,
      room: found.room.id,
      from: connection?.live ?? null,
      args: [event, told],
    })
    return undefined
  },
})

/** null for what is not theirs to say. */
function toldOf({ caller: { account } }: Call, event: string, args: readonly unknown[]): readonly unknown[] | null {
  if (event === 'webrtc') return args
  if (event !== 'user-activity') return null
  const [name, activities] = args
  if (name !== account.username && name !== account.name) return null
  const isActivity = (one: unknown): boolean => typeof one === 'string' && ACTIVITY.test(one)
  return Array.isArray(activities) && activities.every(isActivity) ? [name, activities] : null
}

/** Such as `user-typing`: no words, which an encrypted room relays none of (L3). */
const ACTIVITY = /^[\w-]{1,32}$/
