// What the `chat.*` routes that name a message have in common: the refusals of the real server, before anything is done.
import { MeteorError } from '../errors.ts'
import { ID_TEXT } from '../limits.ts'
import { type FoundMessage, messageOf } from '../messages/found-message.ts'
import type { RestCall } from '../route.ts'

export async function messageNamed(
  { gate, caller }: RestCall,
  messageId: unknown,
  missing = 'missing',
): Promise<FoundMessage | MeteorError> {
  if (typeof messageId !== 'string' || messageId.trim() === '')
    return new MeteorError('error-messageid-param-not-provided', `The required "messageId" param is ${missing}.`)
  const found = messageId.length > ID_TEXT ? undefined : await messageOf(gate, caller, messageId)
  return (
    found ?? new MeteorError('error-message-not-found', 'The provided "messageId" does not match any existing message.')
  )
}
