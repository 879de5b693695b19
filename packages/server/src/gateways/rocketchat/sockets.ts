// Which socket a connection has, for what is done to it from outside: it takes more of somebody who has logged in.
import type { ClientSocket } from '../client-socket.ts'
import { FRAME_BYTES } from './limits.ts'
import type { DdpSession } from './session.ts'

export const socketOf = new WeakMap<DdpSession, ClientSocket>()

/** Somebody has logged in. */
export function admit(session: DdpSession): void {
  socketOf.get(session)?.admit(FRAME_BYTES)
}
