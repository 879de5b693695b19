// `create`: not served yet.
import { malformed } from '../errors.ts'
import { type EventHandler, refused } from '../gate.ts'

export const createRoom: EventHandler = async () => refused(malformed('this server does not serve this event yet'))
