// Brings together what the proof looks at: the log as the store has it, histories and rosters as every node and every wire
// shows them, and what the load has sent and heard.
import { setTimeout as sleep } from 'node:timers/promises'
import type { RoomEvent } from '@conclave/server/room/events'
import type { Store } from '@conclave/server/store/store'
import { type RoomId, type UserId, uuidOf } from '@conclave/wire'
import type { Load, Node } from './load.ts'
import type { Evidence, History, Inside, Tables, View } from './proof.ts'
import { openDino } from './wires/dino.ts'
import type { Person, Place, Wire } from './wires/wire.ts'

const PAGE = 1_000

export async function logOf(store: Store, room: RoomId): Promise<RoomEvent[]> {
  const events: RoomEvent[] = []
  for (;;) {
    const after = events.at(-1)?.sequence ?? 0
    const page = await store.page({ room, right: { by: 'server' }, select: 'all', after, order: 'oldest', limit: PAGE })
    if (!page || page.length === 0) return events
    events.push(...page)
  }
}

export async function tablesOf(store: Store, room: RoomId, people: readonly Person[]): Promise<Tables> {
  const head = await store.head(room)
  const members: UserId[] = []
  for (const { id } of people) if ((await store.roomsOf(id as UserId)).includes(room)) members.push(id as UserId)
  return { room, sequence: head?.sequence ?? 0, control: head?.control ?? 0, members }
}

/** What every node and wire shows of places to somebody who is a member of them. */
export async function shown(
  nodes: readonly Node[],
  wires: readonly Wire[],
  places: readonly Place[],
  person: Person,
): Promise<{ histories: History[]; views: View[] }> {
  const histories: History[] = []
  const views: View[] = []
  for (const node of nodes) {
    for (const wire of wires) {
      for (const place of places.filter(each => wire.hears(each))) {
        const where = `${wire.name} at ${node.name}`
        histories.push({ where, room: place.id, ...(await wire.history(node.url, person, place)) })
        const view = await wire.view(node.url, person, place)
        if (view) views.push({ where, room: place.id, ...view })
      }
    }
  }
  return { histories, views }
}

/** Resolves when every open session has heard the newest message of its room, or `ms` later. */
export async function settled(load: Load, logs: ReadonlyMap<RoomId, readonly RoomEvent[]>, ms: number): Promise<void> {
  const newest = new Map<RoomId, ReadonlySet<string>>()
  for (const [room, events] of logs) {
    const last = events.findLast(({ body }) => body.type === 'message')
    if (last?.body.type !== 'message') continue
    newest.set(room, new Set([last.id, uuidOf(last.id), ...(last.body.messageId ? [last.body.messageId] : [])]))
  }
  const until = Date.now() + ms
  while (Date.now() < until) {
    const waiting = load.heard.filter(({ room, open, live, after }) => {
      const names = newest.get(room)
      return open && names && !(after !== null && names.has(after)) && !live.some(name => names.has(name))
    })
    if (waiting.length === 0) return
    await sleep(50)
  }
}

/** Who is inside of each place, as Dino shows it at every node; asked again until it is right, or for `ms`. */
export async function occupied(
  load: Load,
  nodes: readonly Node[],
  places: readonly Place[],
  person: Person,
  ms: number,
): Promise<Inside[]> {
  const until = Date.now() + ms
  for (;;) {
    const found: Inside[] = []
    for (const node of nodes) {
      const connection = await openDino(node.url, person)
      try {
        for (const { id, uuid } of places)
          found.push({ where: node.name, room: id, shown: await connection.inside(uuid), there: load.inside(id) })
      } finally {
        connection.close()
      }
    }
    const wrong = found.some(
      ({ shown: each, there }) => [...new Set(each)].sort().join() !== [...new Set(there)].sort().join(),
    )
    if (!wrong || Date.now() > until) return found
    await sleep(200)
  }
}

export function evidenceOf(
  load: Load,
  found: Pick<Evidence, 'logs' | 'histories' | 'views' | 'tables'> & Partial<Evidence>,
): Evidence {
  return { now: Date.now(), sent: load.sent, heard: load.heard, inside: [], forbidden: [], ...found }
}
