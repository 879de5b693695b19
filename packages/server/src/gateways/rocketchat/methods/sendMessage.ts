// `sendMessage`: most refusals come as a message that only the sender sees, with an empty result (rocketchat.md 5.8);
// what the client must know of, or may try again, is an error.
import { z } from 'zod'
import { ephemeralMessage } from '../ephemeral.ts'
import { MeteorError, TOO_MANY, UNAVAILABLE } from '../errors.ts'
import { messageShape, send } from '../message.ts'
import { method } from '../method.ts'
import { list } from '../params.ts'
import { tellUser } from '../tell.ts'

const TOLD: ReadonlySet<string | number> = new Set(['error-not-allowed', 'error-room-closed', TOO_MANY, UNAVAILABLE])

export const sendMessage = method({
  name: 'sendMessage',
  params: list(messageShape, z.unknown().optional()),
  async run(call, [message]) {
    const sent = await send(call, message)
    if (!(sent instanceof MeteorError) || TOLD.has(sent.error)) return sent
    const { parts } = call.gate
    tellUser(parts, call.caller.account.id, 'message', ephemeralMessage(parts, message.rid, sent.reason))
    return undefined
  },
})
