// `stream-notify-room`: typing, under one's own name, to whoever watches the room. Void, also where nothing is sent.
import { z } from 'zod'
import { mayEnter } from '../access.ts'
import { EVENT_NAME, SIGNAL_BYTES } from '../limits.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { list } from '../params.ts'
import { SIGNAL } from '../tell.ts'

export const streamNotifyRoom = method({
  name: 'stream-notify-room',
  params: list(z.string().max(EVENT_NAME)),
  async run({ gate, caller, bytes }, [eventName, ...args]) {
    const at = eventName.indexOf('/')
    const event = eventName.slice(at + 1)
    if (event !== 'user-activity' || bytes > SIGNAL_BYTES) return undefined
    const [name, activities] = args
    const { account, connection } = caller
    if (name !== account.username && name !== account.name) return undefined
    if (!Array.isArray(activities) || activities.some(one => typeof one !== 'string')) return undefined
    const found = await roomOf(gate.parts, account, eventName.slice(0, at))
    if (!found || !mayEnter(gate, caller, found)) return undefined
    gate.parts.bus.publish(`room:${found.room.id}`, {
      kind: 'signal',
      name: SIGNAL.room,
      room: found.room.id,
      from: connection?.live ?? null,
      args: [event, [name, activities]],
    })
    return undefined
  },
})
