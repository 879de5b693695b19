// What a client of the X wire waits for: an addition to a room of a thousand members, with everything verified; messages
// over HTTP beside node:http's own POST in the same rounds; a page of a room's events, in a short log and in a
// long one.

import { randomBytes } from 'node:crypto'
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
import type { EventBody } from '../../packages/server/src/room/events.ts'
import { parseConversationId, type RoomId } from '../../packages/wire/src/index.ts'
import { Child } from '../child.ts'
import { Connection, requestOf } from '../client/posts.ts'
import { flood, type Round } from '../flood.ts'
import { median, percentile } from '../numbers.ts'
import { type Pace, warming } from '../pace.ts'
import { figure, lessIsBetter, type Row, row } from '../rows.ts'
import { fill } from '../whole/filled.ts'
import { load, type Serving, serve, UNSTORED } from '../whole/server.ts'
import { FIRST_USER } from '../whole/world.ts'

/** ms that are promised, p50. */
const PROMISED = { addition: 60, page: 5 }
/** Members before the first addition. */
const MEMBERS = [10, 100, 1_000]
const ADDED = 30
/** Messages that are signed beforehand, for each second of a round. */
const MESSAGES = 8_000
/** Events of the room whose pages are read. */
const SHORT = 10_000
const LONGER = 100_000
/** Events of the longest log below and above which this one is a fifth and ten times as long: each is of a kilobyte. */
const FEW = 100_000
const MUCH = 1_000_000

export async function xchatRows(pace: Pace): Promise<Row[]> {
  // The last are added one by one.
  const added = Math.min(ADDED, pace.large / 10)
  const people = pace.large + added
  const loaded = await load(people, [])
  const spare = await load(2, [])
  let server: Serving | undefined
  let unstored: Serving | undefined
  try {
    server = await serve(loaded)
    unstored = await serve(spare, UNSTORED)
    const [api, other] = [await Api.open(server.port), await Api.open(unstored.port)]
    const hands: Hand[] = []
    for (let i = 0; i < people; i++) hands.push(await enroll(api, String(FIRST_USER + i)))
    const pair = hands.slice(0, 2) as [Hand, Hand]
    for (const hand of pair) await register(other, hand)
    other.close()
    const rows = await additions(api, hands, added)
    api.close()
    rows.push(...(await messages([server, unstored], pair, pace)))
    const late = await Api.open(server.port)
    const group = await makeGroup(late, hands[0] as Hand, hands.slice(0, 2))
    const sent = await late.ask('POST', `${conversation(group)}/messages`, group.members[0]!.id, message(group))
    if (sent !== 201) throw new Error(`message: ${sent}`)
    late.close()
    await server.child.stop()
    const longest = pace.history.at(-1)!
    const long = LONGER * (longest < FEW ? 0.2 : longest > MUCH ? 10 : 1)
    const times: { readonly newest: number[]; readonly middle: number[] }[] = []
    for (const events of [SHORT, long]) {
      await fill(loaded, roomOf(group), group.members[0]!.id, filledWith(group), events)
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
    await unstored?.child.stop()
    loaded.remove()
    spare.remove()
  }
}

/** Each makes the room larger by one; the requests are made before, for they take longer than their answers. */
async function additions(api: Api, hands: readonly Hand[], added: number): Promise<Row[]> {
  const first = hands[0] as Hand
  const rows: Row[] = []
  for (const members of MEMBERS.filter(count => count + added <= hands.length)) {
    const group = await makeGroup(api, first, hands.slice(0, members))
    const times: number[] = []
    let bytes = 0
    for (const hand of hands.slice(-added)) {
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
    const promised = {
      reference: PROMISED.addition,
      against: 'promised',
    }
    rows.push(
      lessIsBetter(`xchat/add-member-${members}`, median(times), 'ms p50', {
        ...(members === MEMBERS.at(-1) ? promised : {}),
        detail: `p99 ${figure(percentile(times, 0.99))} ms, ${times.length} times, ${Math.round(bytes / 1024)} KB each`,
      }),
    )
  }
  return rows
}

interface Flooded {
  readonly port: number
  readonly pid: number
  readonly next: () => Buffer | undefined
}

/** Signed messages of many connections to a server that stores them and to one that does not, and POSTs of the same bytes to
 * node:http, in turns. */
async function messages(servers: readonly [Serving, Serving], pair: readonly [Hand, Hand], pace: Pace) {
  const first = await Api.open(servers[0].port)
  const sample = await signed(first, pair, 1)
  first.close()
  const bare = (['', 'verify'] as const).map(
    verifies => new Child('servers/http.ts', [tokenOf(pair[0].id), '201', '700', verifies]),
  )
  try {
    const ports = await Promise.all(bare.map(each => each.answer<{ port: number }>()))
    const rounds: Round[][] = [[], [], [], []]
    // The first round warms all up and does not count.
    for (let round = -1; round < pace.rounds; round++) {
      const lasting = round < 0 ? warming(pace) : pace
      const count = Math.round(MESSAGES * lasting.seconds)
      const turns: Flooded[] = []
      for (const { child, port } of servers) {
        const own = await Api.open(port)
        const prepared = await signed(own, pair, count)
        own.close()
        turns.push({ port, pid: child.pid, next: () => prepared.pop() })
      }
      for (const [index, { port }] of ports.entries())
        turns.push({ port, pid: bare[index]!.pid, next: () => sample[0] })
      for (const [index, { port, pid, next }] of turns.entries()) {
        const result = await flood(port, pid, lasting, 201, next)
        if (round >= 0) rounds[index]!.push(result)
      }
    }
    const of = (index: number, what: keyof Round) => median(rounds[index]!.map(each => each[what]))
    const said = (index: number, what: string) =>
      `${what}; ${figure(of(index, 'perSecond'))}/s wall, load ${Math.round(of(index, 'loadShare') * 100)} %`
    const unit = 'POSTs/CPU-s'
    const [stored, unstored, plain, verifying] = [0, 1, 2, 3].map(index => of(index, 'perCpu')) as [
      number,
      number,
      number,
      number,
    ]
    const target = { accept: 0.5, aim: 0.8, detail: said(1, 'verified, storage not counted') }
    return [
      row('xchat/messages/node-http', plain, unit, { detail: said(2, 'with log-in and schema') }),
      row('xchat/messages/node-http-verifying', verifying, unit, { detail: said(3, 'and one signature') }),
      row('xchat/messages/durable', stored, unit, {
        reference: unstored,
        against: 'the same server storing nothing',
        detail: said(0, 'verified'),
      }),
      row('xchat/messages', unstored, unit, {
        reference: plain,
        against: 'node:http, with log-in and schema',
        ...target,
      }),
      row('xchat/messages/verified', unstored, unit, {
        reference: verifying,
        against: 'node:http, verifying a signature',
        ...target,
      }),
    ]
  } finally {
    for (const each of bare) await each.stop()
  }
}

/** Requests that send a message each, to a room of their own. */
async function signed(api: Api, pair: readonly [Hand, Hand], count: number): Promise<Buffer[]> {
  const group = await makeGroup(api, pair[0], pair)
  const path = `${conversation(group)}/messages`
  return Array.from({ length: count }, () => requestOf('POST', path, tokenOf(pair[0].id), message(group)))
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

function filledWith(group: Group): EventBody {
  const sent = message(group)
  return {
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
  await register(api, hand)
  return hand
}

async function register(api: Api, hand: Hand): Promise<void> {
  const status = await api.ask('POST', `/2/users/${hand.id}/public_keys`, hand.id, registration(hand))
  if (status !== 200) throw new Error(`registration: ${status}`)
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
