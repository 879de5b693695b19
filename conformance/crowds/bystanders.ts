// People who talk while others misbehave, in a process of their own so that nothing but the server holds them up: each says
// something, waits for its answer, and rests. Asked for it, the process tells how long the slowest hundredth took.
//   node bystanders.ts PORT ROOM USERS
import { setTimeout as sleep } from 'node:timers/promises'
import { RawClient, type WireName } from '../raw-clients.ts'

/** ms between somebody's answer and their next message. */
const REST = 50
/** ms between heart-beats, which Socket.IO's clients owe: those of the third generation of themselves. */
const BEAT = 10_000
const WIRES: readonly WireName[] = ['dino 4', 'dino 3', 'ddp']

const [port = '', room = '', users = ''] = process.argv.slice(2)
let took: number[] = []
let said = 0

const clients = await Promise.all(
  users.split(',').map((user, at) => RawClient.enter(WIRES[at % WIRES.length] as WireName, Number(port), user, room)),
)

async function talk(client: RawClient): Promise<void> {
  for (;;) {
    const { text, request, answered } = client.saying(room, `still here ${said++}.`)
    const began = performance.now()
    client.send(request)
    await client.untilAll([answered, client.shown(text)])
    took.push(performance.now() - began)
    await sleep(REST)
  }
}

for (const client of clients) {
  talk(client).catch((error: unknown) => {
    process.send?.({ failed: String(error) })
    process.exit(1)
  })
}

setInterval(() => {
  for (const client of clients) if (client.wire !== 'ddp') client.send(client.wire === 'dino 3' ? '2' : '3')
}, BEAT)

process.on('message', () => {
  const sorted = took.sort((a, b) => a - b)
  took = []
  process.send?.({ count: sorted.length, p99: sorted[Math.floor(sorted.length * 0.99)] ?? null })
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
