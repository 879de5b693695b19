// What has to hold after any fault, however bad it was: every acked message is there exactly once, in one order for all
// readers, rosters and epochs are equal wherever they are asked for, no message stands under a closed or another epoch, and
// nothing is there by halves. Pure: what the clients and the nodes said goes in, what is wrong comes out.
import { apply } from '@conclave/server/room/apply'
import type { Content, RoomEvent } from '@conclave/server/room/events'
import { type RoomState, sanctionOn } from '@conclave/server/room/state'
import { type RoomId, type UserId, uuidOf } from '@conclave/wire'

/** A message that somebody sent. `name`: the text of a plain one, the id that its client chose of another. */
export interface Sent {
  readonly room: RoomId
  readonly name: string
  /** The event's id as the ack named it; null where it named none. */
  readonly id: string | null
  /** False: refused, or never answered. Then it may be there, once, or not. */
  readonly acked: boolean
}

/** One session of a reader in one room. Messages by their names, or by their ids as any wire writes them. */
export interface Heard {
  readonly who: string
  readonly room: RoomId
  /** The newest message of a history that was read when it listened already; null where there was none. */
  readonly after: string | null
  /** In the order in which they came. */
  readonly live: readonly string[]
  /** True: nothing cut it, so that it has heard everything by now. */
  readonly open: boolean
}

/** A history, oldest first, as a node shows it. */
export interface History {
  readonly where: string
  readonly room: RoomId
  /** False: the newest messages alone. */
  readonly whole: boolean
  readonly messages: readonly string[]
}

/** What a node says of a room. */
export interface View {
  readonly where: string
  readonly room: RoomId
  readonly members: readonly string[]
  /** null where it does not say. */
  readonly epoch: string | null
  readonly closed: boolean | null
}

/** Who is inside of a room with a session, as a node shows it, and who has one in truth. */
export interface Inside {
  readonly where: string
  readonly room: RoomId
  readonly shown: readonly string[]
  readonly there: readonly string[]
}

/** What the store's tables hold beside the log. */
export interface Tables {
  readonly room: RoomId
  readonly sequence: number
  readonly control: number
  readonly members: readonly UserId[]
}

export interface Evidence {
  /** ms since 1970 when it was gathered, by a clock that is right. */
  readonly now: number
  /** Whole, as the store has it. */
  readonly logs: ReadonlyMap<RoomId, readonly RoomEvent[]>
  readonly sent: readonly Sent[]
  readonly heard: readonly Heard[]
  readonly histories: readonly History[]
  readonly views: readonly View[]
  readonly inside: readonly Inside[]
  readonly tables: readonly Tables[]
  /** Names of messages that must not be there: sent after the answer that forbade them. */
  readonly forbidden: readonly { readonly room: RoomId; readonly name: string }[]
}

export interface Proof {
  /** One sentence each; none where everything holds. */
  readonly wrong: readonly string[]
  /** How much was looked at, so that an empty proof is seen. */
  readonly messages: number
  readonly acked: number
  readonly deliveries: number
}

/** ms by which the clocks of a database and of a test may differ. */
const CLOCKS = 2_000

export function prove(evidence: Evidence): Proof {
  const latest = evidence.now + CLOCKS
  const logs = new Map([...evidence.logs].map(([room, events]) => [room, new Log(room, events, latest)]))
  const wrong = [...logs.values()].flatMap(({ wrong: found }) => found)
  const logOf = (room: RoomId, what: string): Log | null => {
    const log = logs.get(room)
    if (!log) wrong.push(`${what}: there is no log of room ${room}`)
    return log ?? null
  }
  for (const sent of evidence.sent) wrong.push(...checkSent(logOf(sent.room, sent.name), sent))
  for (const { room, name } of evidence.forbidden)
    if (logOf(room, name)?.find(name) !== undefined) wrong.push(`${name} is in the log of ${room}, and was forbidden`)
  for (const heard of evidence.heard) wrong.push(...checkHeard(logOf(heard.room, heard.who), heard))
  for (const history of evidence.histories) wrong.push(...checkHistory(logOf(history.room, history.where), history))
  for (const view of evidence.views) wrong.push(...checkView(logOf(view.room, view.where), view))
  for (const { where, room, shown, there } of evidence.inside) {
    if (listed(shown) !== listed(there))
      wrong.push(`${where} shows ${listed(shown)} inside of ${room}, and there are ${listed(there)}`)
  }
  for (const tables of evidence.tables) wrong.push(...checkTables(logOf(tables.room, 'tables'), tables))
  return {
    wrong,
    messages: [...logs.values()].reduce((sum, log) => sum + log.messages.length, 0),
    acked: evidence.sent.filter(({ acked }) => acked).length,
    deliveries: evidence.heard.reduce((sum, { live }) => sum + live.length, 0),
  }
}

function listed(users: Iterable<string>): string {
  return [...new Set(users)].sort().join()
}

/** A room's log, read from its first event on; what is wrong with it alone is found while it is read. */
class Log {
  readonly wrong: string[] = []
  /** Its messages in order. */
  readonly messages: RoomEvent[] = []
  readonly events: readonly RoomEvent[]
  readonly state: RoomState | undefined
  /** Where a message stands among the messages, by each of its names and ids. */
  readonly #places = new Map<string, number>()

  constructor(room: RoomId, events: readonly RoomEvent[], latest: number) {
    this.events = events
    const fail = (event: RoomEvent, what: string): void => {
      this.wrong.push(`${room} at ${event.sequence} (${event.body.type}): ${what}`)
    }
    let state: RoomState | undefined
    let wrapped: ReadonlySet<UserId> = new Set()
    events.forEach((event, index) => {
      const last = events[index - 1]
      if (event.sequence !== index + 1) fail(event, `the sequence is not ${index + 1}`)
      if (last && BigInt(event.id) <= BigInt(last.id)) fail(event, 'the id is not above the one before')
      if (last && event.at < last.at) fail(event, 'the time is before the one before')
      if (event.at > latest) fail(event, 'the time is still to come')
      const { body } = event
      if (body.type === 'epoch.opened') {
        if (state?.epoch && state.suite === 'xchat' && BigInt(body.version) <= BigInt(state.epoch.version))
          fail(event, `epoch ${body.version} does not follow ${state.epoch.version} (L2)`)
        wrapped = new Set(body.wraps.map(({ user }) => user))
      }
      if (body.type === 'message') {
        this.#take(event, fail)
        if (state) checkMessage(state, event, body.content, wrapped, fail)
      }
      try {
        state = apply(state, event)
      } catch (error) {
        fail(event, `the log does not fold: ${error}`)
      }
    })
    this.state = state
    if (state && !covered(state, wrapped))
      this.wrong.push(`${room}: the newest key is not wrapped for its members (L1)`)
  }

  #take(event: RoomEvent, fail: (event: RoomEvent, what: string) => void): void {
    const { body } = event
    if (body.type !== 'message') return
    const place = this.messages.push(event) - 1
    const text = body.content.suite === 'none' ? body.content.text : null
    for (const name of new Set([event.id as string, uuidOf(event.id) as string, text, body.messageId])) {
      if (name === null) continue
      if (this.#places.has(name)) fail(event, `${name} is there twice (L7)`)
      else this.#places.set(name, place)
    }
  }

  find(name: string): number | undefined {
    return this.#places.get(name)
  }

  nameAt(place: number): string {
    const { body, sequence } = this.messages[place] as RoomEvent
    if (body.type !== 'message') return ''
    return `${body.content.suite === 'none' ? body.content.text : body.messageId} (${sequence})`
  }
}

function checkMessage(
  state: RoomState,
  event: RoomEvent,
  content: Content,
  wrapped: ReadonlySet<UserId>,
  fail: (event: RoomEvent, what: string) => void,
): void {
  if (event.actor !== null && sanctionOn(state.sanctions, event.actor, 'ban', event.at))
    fail(event, 'its sender is banned')
  if (content.suite !== state.suite) fail(event, `content of suite ${content.suite} in a room of ${state.suite} (L3)`)
  if (content.suite !== 'xchat') return
  if (state.closed) fail(event, 'a message in a closed room (L4)')
  if (content.epoch !== state.epoch?.version)
    fail(event, `under epoch ${content.epoch} in ${state.epoch?.version} (L3)`)
  if (event.actor !== null && !state.members.has(event.actor)) fail(event, `${event.actor} is no member (L3)`)
  if (!covered(state, wrapped)) fail(event, 'under a key that is not wrapped for exactly the members (L1)')
}

/** Whether an open X group's key is wrapped for exactly its members. */
function covered({ suite, closed, epoch, members }: RoomState, wrapped: ReadonlySet<UserId>): boolean {
  if (suite !== 'xchat' || closed || !epoch) return true
  return members.size === wrapped.size && [...members.keys()].every(user => wrapped.has(user))
}

function* checkSent(log: Log | null, { name, id, acked }: Sent): Generator<string> {
  if (!log || !acked) return
  const place = log.find(name)
  if (place === undefined) yield `${name} was acked and is not there (L6)`
  else if (id !== null && log.find(id) !== place) yield `${name} was acked as ${id}, and is another event (L7)`
}

function* checkHeard(log: Log | null, { who, after, live, open }: Heard): Generator<string> {
  if (!log) return
  const places: number[] = []
  for (const name of live) {
    const place = log.find(name)
    if (place === undefined) yield `${who} heard ${name}, which is not in the log`
    else places.push(place)
  }
  for (let i = 1; i < places.length; i++) {
    const [before, place] = [places[i - 1] as number, places[i] as number]
    if (place === before) yield `${who} heard ${log.nameAt(place)} twice`
    else if (place < before) yield `${who} heard ${log.nameAt(place)} after ${log.nameAt(before)}`
  }
  const from = after === null ? 0 : (log.find(after) ?? Number.NaN) + 1
  if (Number.isNaN(from)) yield `${who} read ${after}, which is not in the log`
  const heard = new Set(places)
  const to = open ? log.messages.length : Math.max(from, ...places)
  const missed = []
  for (let place = from; place < to; place++) if (!heard.has(place)) missed.push(place)
  if (missed.length > 0) yield `${who} did not hear ${log.nameAt(missed[0] as number)}, nor ${missed.length - 1} more`
}

function* checkHistory(log: Log | null, { where, whole, messages }: History): Generator<string> {
  if (!log) return
  const places = messages.map(name => log.find(name))
  const strange = messages.find((_, i) => places[i] === undefined)
  if (strange !== undefined) {
    yield `the history of ${where} shows ${strange}, which is not in the log`
    return
  }
  const from = whole ? 0 : log.messages.length - messages.length
  const wrong = places.findIndex((place, i) => place !== from + i)
  if (wrong >= 0) yield `the history of ${where} has ${messages[wrong]} at place ${from + wrong}`
  if (whole && places.length !== log.messages.length)
    yield `the history of ${where} has ${places.length} messages of ${log.messages.length}`
}

function* checkView(log: Log | null, { where, members, epoch, closed }: View): Generator<string> {
  const state = log?.state
  if (!state) return
  const there = listed(state.members.keys())
  const shown = listed(members)
  if (there !== shown) yield `${where} shows the members ${shown}, and the log has ${there}`
  if (epoch !== null && epoch !== state.epoch?.version)
    yield `${where} shows epoch ${epoch}, and the log has ${state.epoch?.version}`
  if (closed !== null && closed !== state.closed) yield `${where} says closed: ${closed}, and the log ${state.closed}`
}

function* checkTables(log: Log | null, { room, sequence, control, members }: Tables): Generator<string> {
  if (!log?.state) return
  const there = listed(log.state.members.keys())
  const held = listed(members)
  if (sequence !== log.events.length) yield `the head of ${room} is ${sequence}, and its log has ${log.events.length}`
  if (control !== log.state.control)
    yield `the head of ${room} has control ${control}, and its log ${log.state.control}`
  if (there !== held) yield `the tables have ${held} in ${room}, and the log ${there}`
}
