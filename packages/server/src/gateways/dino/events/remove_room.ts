// `remove_room`: not served yet.
import { malformed } from '../errors.ts'
import { type EventHandler, refused } from '../gate.ts'

export const removeRoom: EventHandler = async () => refused(malformed('this server does not serve this event yet'))
