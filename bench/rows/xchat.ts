// What a client of the X wire waits for: an addition to a room of a thousand members, with everything verified; messages
// over HTTP beside the bare framework's own POST in the same rounds; a page of a room's events, in a short log and in one of
// a million.

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import {
  additionBody,
  type Group,
  groupAction,
  type Hand,
  keyChangeAction,
  makeHand,
  messageBody,
  participantKeys,
  registration,
} from '../../conformance/xchat/hand.ts'
import { systemClock } from '../../packages/server/src/adapters.ts'
import type { EventBody } from '../../packages/server/src/room/events.ts'
import { openSqliteStore } from '../../packages/server/src/store/sqlite/store.ts'
import { parseConversationId, type RoomId, type UserId } from '../../packages/wire/src/index.ts'
import { Child } from '../child.ts'
import { Connection, requestOf } from '../client/posts.ts'
import { cpuSeconds } from '../machine.ts'
import { median, percentile } from '../numbers.ts'
import type { Pace } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { type Loaded, load, type Serving, serve } from '../whole/server.ts'
import { FIRST_USER } from '../whole/world.ts'

/** ms that are promised, p50. */
const PROMISED = { addition: 60, page: 5 }
const AIM = { addition: 20 }
/** Members before the addition. */
const MEMBERS = 1_000
const SENDERS = 64
/** Messages that are signed beforehand, for each second of a round. */
const MESSAGES = 12_000
/** Events of the room whose pages are read. */
const SHORT = 10_000
const LONG = 1_000_000
/** Events written to the store at a time. */
const FILLED = 2_000
const SECOND = 1_000

export async function xchatRows(pace: Pace): Promise<Row[]> {
  // The last thirty are added one by one.
  const loaded = await load(MEMBERS + 30, [])
  let server: Serving | undefined
  try {
    server = await serve(loaded)
    const { port } = server
    const api = await Api.open(port)
    const hands: Hand[] = []
    for (let i = 0; i < MEMBERS + 30; i++) hands.push(await enroll(api, String(FIRST_USER + i)))
    const rows = [await additions(api, hands)]
    rows.push(...(await messages(server, api, hands.slice(0, 2) as [Hand, Hand], pace)))
    const group = await makeGroup(api, hands[0] as Hand, hands.slice(0, 2))
    const sent = await api.ask('POST', `${conversation(group)}/messages`, group.members[0]!.id, message(group))
    if (sent !== 201) throw new Error(`message: ${sent}`)
    api.close()
    await server.child.stop()
    const long = pace.seconds < 1 ? SHORT * 10 : LONG
    const times: { readonly newest: number[]; readonly middle: number[] }[] = []
    let length = 4
    for (const events of [SHORT, long]) {
      await fill(loaded, group, length, events)
      length = events
      server = await serve(loaded)
      times.push(await pages(server.port, group))
      await server.child.stop()
    }
    const [short, much] = times as [(typeof times)[0], (typeof times)[0]]
    for (const place of ['newest', 'middle'] as const) {
      rows.push(
        lessIsBetter(`xchat/events-100/${place}`, median(much[place]), 'ms p50', {
          reference: median(short[place]),
          against: `the same among ${figure(SHORT)} events`,
          accept: 1 / 1.5,
          aim: 1 / 1.2,
          detail: `a page of 100 of ${figure(long)} events, p99 ${figure(percentile(much[place], 0.99))} ms (promised p50 ${PROMISED.page} ms)`,
        }),
      )
    }
    return rows
  } finally {
    await server?.child.stop()
    loaded.remove()
  }
}

/** Each makes the room larger by one; the requests are made before, for they take longer than their answers. */
async function additions(api: Api, hands: readonly Hand[]): Promise<Row> {
  const first = hands[0] as Hand
  const group = await makeGroup(api, first, hands.slice(0, MEMBERS))
  const times: number[] = []
  let bytes = 0
  for (const hand of hands.slice(MEMBERS)) {
    const body = additionBody(group, first, [hand])
    const request = requestOf('POST', `${conversation(group)}/members`, tokenOf(first.id), body)
    bytes = request.length
    const began = performance.now()
    const status = await api.send(request)
    times.push(performance.now() - began)
    if (status !== 200) throw new Error(`addition: ${status}`)
    group.members.push(hand)
    group.version = body.conversation_key_version
  }
  return lessIsBetter('xchat/add-member-1000', median(times), 'ms p50', {
    reference: PROMISED.addition,
    against: 'promised',
    accept: 1,
    aim: PROMISED.addition / AIM.addition,
    detail: `p99 ${figure(percentile(times, 0.99))} ms, ${times.length} times, ${Math.round(bytes / 1024)} KB each`,
  })
}

/** Signed messages of many connections, and POSTs of the same bytes to the bare framework, in turns. */
async function messages({ child, port }: Serving, api: Api, pair: readonly [Hand, Hand], pace: Pace): Promise<Row[]> {
  const group = await makeGroup(api, pair[0], pair)
  const path = `${conversation(group)}/messages`
  const request = () => requestOf('POST', path, tokenOf(pair[0].id), message(group))
  const sample = request()
  const bare = [new Child('servers/fastify.ts', ['700']), new Child('servers/fastify.ts', ['700', 'verify'])] as const
  try {
    const ports = await Promise.all(bare.map(each => each.answer<{ port: number }>()))
    const ours: Round[] = []
    const theirs: [Round[], Round[]] = [[], []]
    // The first two rounds warm both up and do not count.
    for (let round = -2; round < pace.rounds; round++) {
      const prepared = Array.from({ length: Math.round(MESSAGES * pace.seconds) }, request)
      const our = await flood(port, child.pid, pace, () => prepared.pop())
      if (round >= 0) ours.push(our)
      for (const [index, { port: barePort }] of ports.entries()) {
        const their = await flood(barePort, bare[index]!.pid, pace, () => sample)
        if (round >= 0) theirs[index]!.push(their)
      }
    }
    const perSecond = (rounds: readonly Round[]) => median(rounds.map(each => each.perSecond))
    const detail = `${figure(median(ours.map(each => each.perCpu)))} per CPU-second; ${SENDERS} connections, durable and verified`
    const against = ['Fastify alone', 'Fastify, verifying a signature'] as const
    return against.map((name, index) =>
      row(index === 0 ? 'xchat/messages' : 'xchat/messages-verified', perSecond(ours), 'POSTs/s', {
        reference: perSecond(theirs[index]!),
        against: name,
        accept: 0.5,
        aim: 0.8,
        detail,
      }),
    )
  } finally {
    for (const each of bare) await each.stop()
  }
}

interface Round {
  readonly perSecond: number
  readonly perCpu: number
}

async function flood(port: number, pid: number, pace: Pace, next: () => Buffer | undefined): Promise<Round> {
  const connections = await Promise.all(Array.from({ length: SENDERS }, () => Connection.open(port)))
  const cpu = cpuSeconds(pid)
  const began = performance.now()
  const until = began + pace.seconds * SECOND
  let answered = 0
  await Promise.all(
    connections.map(async connection => {
      while (performance.now() < until) {
        const request = next()
        if (!request) return
        const status = await connection.ask(request)
        if (status !== 201) throw new Error(`message: ${status}`)
        answered++
      }
    }),
  )
  const seconds = (performance.now() - began) / SECOND
  const used = cpuSeconds(pid) - cpu
  for (const connection of connections) connection.close()
  return { perSecond: answered / seconds, perCpu: answered / used }
}

/** Newest page, and one from the middle of the log. */
async function pages(port: number, group: Group): Promise<{ newest: number[]; middle: number[] }> {
  const path = `${conversation(group)}/events?max_results=100`
  const token = tokenOf(group.members[0]!.id)
  const read = async (query = ''): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}${query}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const { meta } = (await answer.json()) as { meta: { next_token: string } }
    return meta.next_token
  }
  // Some hundred pages down: far enough from the end for whatever would be remembered of it.
  let place = ''
  for (let page = 0; page < 50; page++) place = await read(place === '' ? '' : `&pagination_token=${place}`)
  const connection = await Connection.open(port)
  const timed = async (query: string): Promise<number[]> => {
    const request = requestOf('GET', `${path}${query}`, token)
    const times: number[] = []
    for (let i = 0; i < 60; i++) {
      const began = performance.now()
      const status = await connection.ask(request)
      times.push(performance.now() - began)
      if (status !== 200) throw new Error(`events: ${status}`)
    }
    return times.slice(10)
  }
  const times = { newest: await timed(''), middle: await timed(`&pagination_token=${place}`) }
  connection.close()
  return times
}

/** Messages into the log of a stopped server, as the store writes them, up to that many events. */
async function fill(loaded: Loaded, group: Group, from: number, events: number): Promise<void> {
  const store = await openSqliteStore({ directory: join(loaded.directory, 'data'), node: 0, clock: systemClock })
  const room = roomOf(group)
  const { control } = (await store.head(room))!
  const sent = message(group)
  const body: EventBody = {
    type: 'message',
    messageId: sent.message_id,
    content: {
      suite: 'xchat',
      createEvent: sent.encoded_message_create_event,
      signature: 'A'.repeat(86),
      publicKeyVersion: group.members[0]!.version,
      signatureVersion: '7',
      epoch: group.version,
    },
  }
  const actor = group.members[0]!.id as UserId
  const rest = { room, control, actor, claims: [], releases: [], messageKeys: [] }
  for (let count = from; count < events; count += FILLED) {
    const bodies = Array.from({ length: Math.min(FILLED, events - count) }, () => body)
    await store.commit([{ guards: [], append: { ...rest, at: Date.now(), bodies }, rows: [] }])
  }
  await store.close()
}

function roomOf(group: Group): RoomId {
  const parsed = parseConversationId(group.id)
  if (parsed?.kind !== 'group') throw new Error('a group has a g-id')
  return parsed.room
}

function conversation(group: Group): string {
  return `/2/chat/conversations/${group.id}`
}

function message(group: Group) {
  return messageBody(group.members[0]!, group.id, group.version, { contents: randomBytes(300) })
}

function tokenOf(user: string): string {
  return `tok${user}`
}

async function enroll(api: Api, id: string): Promise<Hand> {
  const hand = makeHand(id, String(Date.now()))
  const status = await api.ask('POST', `/2/users/${id}/public_keys`, id, registration(hand))
  if (status !== 200) throw new Error(`registration: ${status}`)
  return hand
}

async function makeGroup(api: Api, by: Hand, members: readonly Hand[]): Promise<Group> {
  const id = await api.initialize(by.id)
  const version = String(Date.now())
  const key = randomBytes(32)
  const keys = participantKeys(key, members)
  const memberIds = members.map(hand => hand.id)
  const change = { kind: 'create', memberIds, adminIds: [by.id], conversationKeyVersion: version } as const
  const status = await api.ask('POST', '/2/chat/conversations/group', by.id, {
    conversation_id: id,
    group_members: memberIds,
    group_admins: [by.id],
    conversation_key_version: version,
    conversation_participant_keys: keys,
    action_signatures: [keyChangeAction(by, id, version, keys, key), groupAction(by, id, change)],
  })
  if (status !== 201) throw new Error(`group: ${status}`)
  return { id, members: [...members], admins: [by.id], version, title: undefined }
}

/** One connection for what is asked one by one. */
class Api {
  readonly #connection: Connection
  readonly #port: number

  private constructor(port: number, connection: Connection) {
    this.#port = port
    this.#connection = connection
  }

  static async open(port: number): Promise<Api> {
    return new Api(port, await Connection.open(port))
  }

  ask(method: string, path: string, user: string, body?: object): Promise<number> {
    return this.send(requestOf(method, path, tokenOf(user), body))
  }

  send(request: Buffer): Promise<number> {
    return this.#connection.ask(request)
  }

  async initialize(user: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/2/chat/conversations/group/initialize`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenOf(user)}` },
    })
    const { data } = (await answer.json()) as { data: { conversation_id: string } }
    return data.conversation_id
  }

  close(): void {
    this.#connection.close()
  }
}
