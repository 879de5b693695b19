// A message of the server's that one user alone sees, on `stream-notify-user <uid>/message`, and that is kept nowhere.
import type { GatewayParts } from '../../gateway.ts'
import type { Document } from '../encode.ts'
import { SERVER } from '../names.ts'

export function ephemeralMessage({ clock, newId }: GatewayParts, rid: string, msg: string): Document {
  const at = new Date(clock.now())
  return { _id: newId(), rid, msg, ts: at, u: SERVER, private: true, _updatedAt: at }
}
