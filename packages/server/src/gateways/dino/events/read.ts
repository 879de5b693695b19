// `read`: messages of one room were read (acks.ts).
import { acknowledge } from '../acks.ts'
import type { EventHandler } from '../gate.ts'

export const readMessages: EventHandler = asked => acknowledge(asked, 'read')
