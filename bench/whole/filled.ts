// Long histories: messages into the log of a stopped server, as its store writes them.

import { join } from 'node:path'
import { systemClock } from '../../packages/server/src/adapters.ts'
import type { EventBody } from '../../packages/server/src/room/events.ts'
import { openSqliteStore } from '../../packages/server/src/store/sqlite/store.ts'
import type { Store } from '../../packages/server/src/store/store.ts'
import type { RoomId, UserId } from '../../packages/wire/src/index.ts'
import { Group } from '../group.ts'
import type { Loaded } from './server.ts'

/** Events written at a time. */
const PORTION = 2_000

/** Messages until the room has that many events. */
export async function fill(
  loaded: Loaded,
  room: RoomId,
  actor: string,
  body: EventBody,
  events: number,
): Promise<void> {
  await withStore(loaded, async store => {
    const { control, sequence } = (await store.head(room))!
    const rest = { room, control, actor: actor as UserId, claims: [], releases: [], messageKeys: [] }
    for (let count = sequence; count < events; count += PORTION) {
      Group.current.goesOn()
      const bodies = Array.from({ length: Math.min(PORTION, events - count) }, () => body)
      await store.commit([{ guards: [], append: { ...rest, at: Date.now(), bodies }, rows: [] }])
    }
  })
}

/** The store of a stopped server. */
export async function withStore<T>({ directory }: Loaded, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openSqliteStore({ directory: join(directory, 'data'), node: 0, clock: systemClock })
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}
