// `stream-notify-user`: a word from one user's client to another's, such as the offer of a call. Only words that clients
// say: what the server tells (documents, log-outs, messages) nobody can forge. Void, also where nothing is sent.
import { isUserId } from '@conclave/wire'
import { z } from 'zod'
import { EVENT_NAME, SIGNAL_BYTES } from '../limits.ts'
import { tellUser } from '../live/tell.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'

const RELAYED: ReadonlySet<string> = new Set(['e2ekeyRequest', 'video-conference', 'webrtc', 'otr'])

export const streamNotifyUser = method({
  name: 'stream-notify-user',
  params: list(z.string().max(EVENT_NAME)),
  async run({ gate, bytes }, [eventName, ...args]) {
    const at = eventName.indexOf('/')
    const [user, event] = [eventName.slice(0, at), eventName.slice(at + 1)]
    if (isUserId(user) && RELAYED.has(event) && bytes <= SIGNAL_BYTES) tellUser(gate.parts, user, event, ...args)
    return undefined
  },
})
