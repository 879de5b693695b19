// Who initialised a group's id: durable, because its creation may reach another node or come after a restart.
import type { RoomId, UserId } from '@conclave/wire'
import type { XchatParts } from './route.ts'

function keyOf(room: RoomId): string {
  return `xchat.initialized:${room}`
}

export async function rememberInitialized(room: RoomId, user: UserId, { write }: XchatParts): Promise<void> {
  const { outcome } = await write({ guards: [], append: null, rows: [{ put: 'meta', key: keyOf(room), value: user }] })
  if (outcome !== 'committed') throw new Error(`a row without a guard came back "${outcome}"`)
}

export async function initializedBy(room: RoomId, { reading }: XchatParts): Promise<UserId | undefined> {
  return (await reading.meta(keyOf(room))) as UserId | undefined
}
