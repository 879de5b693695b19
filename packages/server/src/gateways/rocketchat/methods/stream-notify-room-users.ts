// `stream-notify-room-users`: a member's word to every other member, such as "I lack the room's key".
import { z } from 'zod'
import { EVENT_NAME, SIGNAL_BYTES } from '../limits.ts'
import { SIGNAL } from '../live/tell.ts'
import { method } from '../method.ts'
import { roomOf } from '../names.ts'
import { list } from '../params.ts'

const RELAYED: ReadonlySet<string> = new Set(['e2ekeyRequest', 'video-conference', 'webrtc', 'otr'])

export const streamNotifyRoomUsers = method({
  name: 'stream-notify-room-users',
  params: list(z.string().max(EVENT_NAME)),
  async run({ gate, caller, bytes }, [eventName, ...args]) {
    const at = eventName.indexOf('/')
    const event = eventName.slice(at + 1)
    if (!RELAYED.has(event) || bytes > SIGNAL_BYTES) return undefined
    const { account, connection } = caller
    const found = await roomOf(gate.parts, account, eventName.slice(0, at))
    if (!found?.room.members.has(account.id)) return undefined
    const from = connection?.live ?? {
      id: caller.session,
      user: account.id,
      wire: 'rocketchat' as const,
      token: null,
    }
    gate.parts.bus.publish(`room:${found.room.id}`, {
      kind: 'signal',
      name: SIGNAL.members,
      room: found.room.id,
      from,
      args: [event, args],
    })
    return undefined
  },
})
