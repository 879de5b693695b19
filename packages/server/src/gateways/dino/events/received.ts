// `received`: messages of one room have arrived (acks.ts).
import { acknowledge } from '../acks.ts'
import type { EventHandler } from '../gate.ts'

export const receivedMessages: EventHandler = asked => acknowledge(asked, 'receive')
