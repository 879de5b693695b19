// `gn_user_connected`, with `dino.userConnected`: a user's first session is there, on whatever wire. Told to who is inside
// the rooms that the user belongs to or holds a role in, and those that they were put into when they logged in.
import type { RoomId } from '@conclave/wire'
import type { Account } from '../../room/facts.ts'
import { connectedJson } from './encode-people.ts'
import { type Gate, stamp } from './gate.ts'
import { tellRoom } from './tell.ts'

export async function tellConnected(gate: Gate, { id }: Pick<Account, 'id'>): Promise<void> {
  const { config, identity, reading, occupancy, bus } = gate.parts
  if (!config.dino.userConnected) return
  const own = [...(await reading.roomsOf(id)), ...(await reading.rolesOf(id))].map(room => room.id)
  const rooms = new Set<RoomId>([...own, ...(await occupancy.roomsOf(id))])
  const account = await identity.accounts.load(id)
  if (!account) return
  const json = connectedJson(account, stamp(gate))
  const to = account.invisible ? 'operators' : 'all'
  for (const room of rooms) tellRoom(bus, room, 'gn_user_connected', json, { to, exceptUser: id, exceptSession: null })
}
