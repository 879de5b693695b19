// The last 50 messages of a room, in the store and over the wires, and a start of the server, by the length of the log. The logs
// are filled through the store.

import type { EventBody } from '../../packages/server/src/room/events.ts'
import { idOfUuid, type RoomId, type UserId } from '../../packages/wire/src/ids.ts'
import { DdpClient } from '../client/ddp.ts'
import { DinoClient } from '../client/dino.ts'
import { median, percentile } from '../numbers.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { fill, withStore } from '../whole/filled.ts'
import { COLD, type Loaded, load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER } from '../whole/world.ts'

const PAGE = 50
const BODY: EventBody = { type: 'message', messageId: null, content: { suite: 'none', text: 'x'.repeat(300) } }
/** Pages read in a round, and those before that do not count. */
const READ = 60
const WARM = 20
/** ms that a page may take in the store, p50. */
const STORE_AIM = 0.15
const TIMES = { accept: 1 / 1.5, aim: 1 / 1.2 }

export async function historyRows(pace: Pace): Promise<Row[]> {
  const worlds: Loaded[] = []
  const servers: Serving[] = []
  try {
    const rows: Row[] = []
    for (const events of pace.history) {
      const loaded = await load(1, [])
      worlds.push(loaded)
      const began = performance.now()
      await fill(loaded, roomOf(loaded), String(FIRST_USER), BODY, events)
      const seconds = (performance.now() - began) / 1_000
      rows.push(
        row(`history/fill/${named(events)}`, events / seconds, 'events/s', {
          detail: 'through the store, 2,000 a commit',
        }),
      )
    }
    const stored = await inTurns(pace, worlds, loaded => withStore(loaded, store => pages(() => read(store, loaded))))
    rows.push(...compared('store', 'a page in the store', pace, stored))
    const longest = median(stored.at(-1)!)
    rows.push(
      lessIsBetter(`history/store/${named(pace.history.at(-1)!)}/absolute`, longest, 'ms p50', {
        reference: STORE_AIM,
        against: 'what is aimed at',
        aim: 1,
      }),
    )
    // The last of each goes on.
    const serving = new Map<Loaded, Serving>()
    const starts = await inTurns(pace, worlds, async loaded => {
      await serving.get(loaded)?.child.stop()
      const server = await serve(loaded, [], COLD)
      serving.set(loaded, server)
      servers.push(server)
      return [server.startedIn]
    })
    rows.push(...compared('start', 'from the command until it is ready', pace, starts))
    const ports = [...serving.values()].map(({ port }) => port)
    const dino = await Promise.all(ports.map(port => DinoClient.open(port)))
    const ddp = await Promise.all(ports.map(port => DdpClient.open(port, FIRST_USER)))
    for (const client of dino) await client.login(FIRST_USER)
    const rooms = worlds.map(({ rooms: { own0 } }) => own0!)
    const indices = worlds.map((_, i) => i)
    const overDino = await inTurns(pace, indices, i =>
      pages(() =>
        dino[i]!.timed('history', { verb: 'list', target: { id: rooms[i] }, object: { objectType: 'messages' } }),
      ),
    )
    rows.push(...compared('dino', '`history` of 50', pace, overDino))
    const overDdp = await inTurns(pace, indices, i => pages(() => ddp[i]!.timed('loadHistory', rooms[i], null, PAGE)))
    rows.push(...compared('ddp', '`loadHistory` of 50', pace, overDdp))
    for (const client of [...dino, ...ddp]) client.close()
    return rows
  } finally {
    for (const { child } of servers) await child.stop()
    for (const loaded of worlds) loaded.remove()
  }
}

function roomOf({ rooms }: Loaded): RoomId {
  return idOfUuid(rooms.own0!) as RoomId
}

async function read(store: Parameters<Parameters<typeof withStore>[1]>[0], loaded: Loaded): Promise<number> {
  const began = performance.now()
  const right = { by: 'member', user: String(FIRST_USER) as UserId } as const
  const page = await store.page({ room: roomOf(loaded), right, select: 'messages', order: 'newest', limit: PAGE })
  const ms = performance.now() - began
  if (page?.length !== PAGE) throw new Error(`a page had ${page?.length} events`)
  return ms
}

async function pages(once: () => Promise<number>): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < WARM + READ; i++) times.push(await once())
  return times.slice(WARM)
}

/** Each takes its turn in each round; gives what all rounds of each gave. */
async function inTurns<T>(pace: Pace, all: readonly T[], measure: (one: T) => Promise<number[]>): Promise<number[][]> {
  const results = all.map((): number[] => [])
  for (let round = 0; round < Math.max(pace.rounds, 2); round++)
    for (const [index, one] of all.entries()) results[index]!.push(...(await measure(one)))
  return results
}

function compared(id: string, what: string, { history }: Pace, times: readonly number[][]): Row[] {
  const shortest = median(times[0]!)
  return history.map((events, i) => {
    const detail = `${what}, p99 ${figure(percentile(times[i]!, 0.99))} ms, ${times[i]!.length} times`
    const against = i === 0 ? {} : { reference: shortest, against: `${named(history[0]!)} events`, ...TIMES }
    return lessIsBetter(`history/${id}/${named(events)}`, median(times[i]!), 'ms p50', { ...against, detail })
  })
}

function named(events: number): string {
  return events >= 1e6 ? `${events / 1e6}M` : `${events / 1e3}k`
}
