// An authenticated POST through the whole server, storage not counted: a message over Rocket.Chat's REST to a server that stores
// none, beside node:http alone, in the same rounds.

import { Child } from '../child.ts'
import { CONNECTIONS, flood, type Round } from '../flood.ts'
import { median } from '../numbers.ts'
import { type Pace, warming } from '../pace.ts'
import { figure, type Row, row } from '../rows.ts'
import { load, type Serving, serve, UNSTORED } from '../whole/server.ts'
import { FIRST_USER } from '../whole/world.ts'

const TOKEN = `tok${FIRST_USER}`
/** Of an answer. */
const LENGTH = 500

export async function requestRows(pace: Pace): Promise<Row[]> {
  const loaded = await load(1, [])
  const bare = new Child('servers/http.ts', [TOKEN, '200', String(LENGTH)])
  let server: Serving | undefined
  try {
    const { port } = await bare.answer<{ port: number }>()
    server = await serve(loaded, UNSTORED)
    const request = post(loaded.rooms.own0!)
    const rounds: Record<'ours' | 'bare', Round[]> = { ours: [], bare: [] }
    // The first round warms both up.
    for (let round = -1; round < pace.rounds; round++) {
      const lasting = round < 0 ? warming(pace) : pace
      const ours = await flood(server.port, server.child.pid, lasting, 200, () => request)
      const theirs = await flood(port, bare.pid, lasting, 200, () => request)
      if (round < 0) continue
      rounds.ours.push(ours)
      rounds.bare.push(theirs)
    }
    const of = (who: 'ours' | 'bare', what: keyof Round) => median(rounds[who].map(each => each[what]))
    const said = (who: 'ours' | 'bare') =>
      `${figure(of(who, 'perSecond'))}/s wall, ${CONNECTIONS} connections, load ${Math.round(of(who, 'loadShare') * 100)} %`
    return [
      row('requests/node-http', of('bare', 'perCpu'), 'POSTs/CPU-s', { detail: said('bare') }),
      row('requests/post', of('ours', 'perCpu'), 'POSTs/CPU-s', {
        reference: of('bare', 'perCpu'),
        against: 'node:http, with log-in and schema',
        detail: `chat.sendMessage, storage not counted; ${said('ours')}`,
      }),
    ]
  } finally {
    await server?.child.stop()
    await bare.stop()
    loaded.remove()
  }
}

function post(room: string): Buffer {
  const body = JSON.stringify({ message: { rid: room, msg: 'x'.repeat(300) } })
  const head = [
    'POST /api/v1/chat.sendMessage HTTP/1.1',
    'host: 127.0.0.1',
    `x-auth-token: ${TOKEN}`,
    `x-user-id: ${FIRST_USER}`,
    'content-type: application/json',
    `content-length: ${body.length}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}
