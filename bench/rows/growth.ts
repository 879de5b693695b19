// What grows: each cost on one server, and on servers with ten times the rooms, ten times the members of a room, and ten times its
// history. A ratio near 1 says that it does not grow; all four take turns.

import type { EventBody } from '../../packages/server/src/room/events.ts'
import { idOfUuid, type RoomId } from '../../packages/wire/src/ids.ts'
import { DdpClient } from '../client/ddp.ts'
import { DinoClient } from '../client/dino.ts'
import { cpuSeconds } from '../machine.ts'
import { median, percentile } from '../numbers.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row } from '../rows.ts'
import { fill } from '../whole/filled.ts'
import { COLD, type Loaded, load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER, meeting } from '../whole/world.ts'

interface Size {
  readonly name: string
  readonly rooms: number
  readonly members: number
  readonly history: number
}

function sizesOf({ large, history }: Pace): Size[] {
  const base = { name: 'base', rooms: large / 10, members: large / 10, history: history[0]! }
  return [
    base,
    { ...base, name: 'rooms', rooms: base.rooms * 10 },
    { ...base, name: 'members', members: base.members * 10 },
    { ...base, name: 'history', history: base.history * 10 },
  ]
}

const WIRE = 'dino3'
const BODY: EventBody = { type: 'message', messageId: null, content: { suite: 'none', text: 'x'.repeat(300) } }
const NEAR = { accept: 1 / 1.5, aim: 1 / 1.2 }

/** Ways in which a cost may grow by its nature: what is asked for is ten times as much. */
const GROWS: Readonly<Record<string, readonly string[]>> = { 'list-rooms': ['rooms'] }

interface Site extends Serving {
  readonly size: Size
  readonly loaded: Loaded
  readonly room: string
  readonly dino: DinoClient
  readonly ddp: DdpClient
}

const COSTS: Readonly<Record<string, (site: Site) => Promise<number>>> = {
  login: ({ port }) => login(port),
  join: async ({ dino, room }) => {
    const target = { id: room }
    const ms = await dino.timed('join', { verb: 'join', target })
    await dino.timed('leave', { verb: 'leave', target })
    return ms
  },
  message: ({ ddp, room }) => ddp.timed('sendMessage', { rid: room, msg: 'x'.repeat(300) }),
  history: ({ ddp, room }) => ddp.timed('loadHistory', room, null, 50),
  subscriptions: ({ ddp }) => ddp.timed('subscriptions/get'),
  'list-rooms': ({ dino, loaded }) => dino.timed('list_rooms', { verb: 'list', object: { url: loaded.channel } }),
}

export async function growthRows(pace: Pace): Promise<Row[]> {
  const sizes = sizesOf(pace)
  const worlds: Loaded[] = []
  const servers: Serving[] = []
  const sites: Site[] = []
  try {
    for (const { rooms, members, history } of sizes) {
      // As many users in each, so that only what is named differs.
      const loaded = await load(pace.large, [{ wire: WIRE, sockets: members }], {}, { own: rooms })
      worlds.push(loaded)
      const room = loaded.rooms[meeting(WIRE, members)]!
      await fill(loaded, idOfUuid(room) as RoomId, String(FIRST_USER), BODY, history)
    }
    const starts = worlds.map((): number[] => [])
    for (let round = 0; round < pace.rounds; round++) {
      for (const { child } of servers.splice(0)) await child.stop()
      for (const [index, loaded] of worlds.entries()) {
        const server = await serve(loaded, [], COLD)
        servers.push(server)
        starts[index]!.push(server.startedIn)
      }
    }
    for (const [index, loaded] of worlds.entries()) {
      const server = servers[index]!
      const dino = await DinoClient.open(server.port)
      await dino.login(FIRST_USER)
      const size = sizes[index]!
      const room = loaded.rooms[meeting(WIRE, size.members)]!
      sites.push({ ...server, size, loaded, room, dino, ddp: await DdpClient.open(server.port, FIRST_USER) })
    }
    const rows = compared(sizes, 'start', starts, [])
    for (const [cost, once] of Object.entries(COSTS)) {
      const times = sites.map((): number[] => [])
      const cpu = sites.map(() => 0)
      // The first round warms up and does not count.
      for (let round = -1; round < pace.rounds; round++)
        for (const [index, site] of sites.entries()) {
          const before = cpuSeconds(site.child.pid)
          for (let i = 0; i < pace.times; i++) {
            const ms = await once(site)
            if (round >= 0) times[index]!.push(ms)
          }
          if (round >= 0) cpu[index]! += cpuSeconds(site.child.pid) - before
        }
      rows.push(...compared(sizes, cost, times, cpu))
    }
    for (const { dino, ddp } of sites) {
      dino.close()
      ddp.close()
    }
    return rows
  } finally {
    for (const { child } of servers) await child.stop()
    for (const loaded of worlds) loaded.remove()
  }
}

function compared(sizes: readonly Size[], cost: string, times: readonly number[][], cpu: readonly number[]): Row[] {
  const base = median(times[0]!)
  return sizes.slice(1).map(({ name }, i) => {
    const own = times[i + 1]!
    const spent =
      cpu[i + 1] === undefined
        ? ''
        : `, server ${figure((cpu[i + 1]! / own.length) * 1e3)} CPU-ms each, before ${figure((cpu[0]! / own.length) * 1e3)}`
    return lessIsBetter(`growth/${cost}/10x-${name}`, median(own), 'ms p50', {
      reference: base,
      against: 'the same before',
      ...(GROWS[cost]?.includes(name) ? {} : NEAR),
      detail: `p99 ${figure(percentile(own, 0.99))} ms, ${own.length} times${spent}`,
    })
  })
}

async function login(port: number): Promise<number> {
  const client = await DinoClient.open(port)
  const ms = await client.login(FIRST_USER + 1)
  client.close()
  return ms
}
