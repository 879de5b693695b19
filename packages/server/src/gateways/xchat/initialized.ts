// Who initialised a group's id: durable, because its creation may reach another node or come after a restart. Of each user
// the newest are kept: an id costs nothing, and many are never used.
import type { RoomId, UserId } from '@conclave/wire'
import type { Row } from '../../store/store.ts'
import { INITIALIZED } from './limits.ts'
import type { XchatParts } from './route.ts'

const KIND = 'xchat.initialized'

export async function rememberInitialized(room: RoomId, user: UserId, { write, reading }: XchatParts): Promise<void> {
  const rows: Row[] = [{ put: 'document', document: { kind: KIND, key: room, owner: user, body: '{}', dueAt: null } }]
  if ((await reading.countDocuments(KIND, user)) >= INITIALIZED) {
    // Ids are of one length and grow, so the first by key are the oldest.
    const oldest = await reading.documents(KIND, { owner: user, limit: 1 })
    for (const { key } of oldest) rows.push({ drop: 'document', kind: KIND, key })
  }
  const { outcome } = await write({ guards: [], append: null, rows })
  if (outcome !== 'committed') throw new Error(`a row without a guard came back "${outcome}"`)
}

export async function initializedBy(room: RoomId, { reading }: XchatParts): Promise<UserId | undefined> {
  return (await reading.document(KIND, room))?.owner as UserId | undefined
}
