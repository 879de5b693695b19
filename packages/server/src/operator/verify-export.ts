// Checks an export offline, and against an older one: no server and no store, only what the file says and what follows
// from it (protocol/transparency.md). Users first, because what is signed in rooms is checked with their logged keys.
import { type ChainHead, type LoggedKey, NO_HEAD } from '@conclave/wire/transparency/chain'
import type { Fault } from '@conclave/wire/transparency/fault'
import { KeyLogCheck } from '@conclave/wire/transparency/key-log'
import { RoomCheck } from '@conclave/wire/transparency/room-chain'
import { type EventBody, isControl } from '../room/events.ts'
import { nodeCrypto } from './chain-crypto.ts'
import { FAULTS_SHOWN } from './limits.ts'
import { type ReadLine, readExport, readHeader } from './read-export.ts'
import { OperatorError } from './users.ts'

type Of<K extends ReadLine['kind']> = Extract<ReadLine, { kind: K }>

/** What an older export says of where things stood. */
interface Older {
  readonly users: ReadonlyMap<string, ChainHead>
  readonly rooms: ReadonlyMap<string, { readonly head: ChainHead; readonly sequence: number }>
}

export interface Verified {
  /** One line for each kind of thing that was checked. */
  readonly checked: readonly string[]
  /** The first FAULTS_SHOWN, as sentences. */
  readonly faults: readonly string[]
  /** All of them. */
  readonly found: number
}

/** Throws a sentence where a file cannot be read as an export. `against`: an older one, or null. */
export async function verifyExport(file: string, against: string | null): Promise<Verified> {
  const { at } = await readHeader(file)
  const older = against === null ? null : await readOlder(against, at, file)
  const verification = new Verification(older)
  await verification.users(file)
  await verification.rooms(file)
  return verification.verified()
}

async function readOlder(against: string, at: number, file: string): Promise<Older> {
  if ((await readHeader(against)).at > at)
    throw new OperatorError(`${against} is newer than ${file}: give the older one to --against.`)
  const users = new Map<string, ChainHead>()
  const rooms = new Map<string, { head: ChainHead; sequence: number }>()
  for await (const line of readExport(against, ['user', 'room'])) {
    if (line.kind === 'user') users.set(line.id, line.head)
    else if (line.kind === 'room') rooms.set(line.id, { head: line.head, sequence: line.sequence })
  }
  return { users, rooms }
}

class Verification {
  readonly #older: Older | null
  readonly #keys = new Map<string, ReadonlyMap<string, LoggedKey>>()
  readonly #seen = new Set<string>()
  readonly #faults: string[] = []
  #found = 0
  readonly #counts = { users: 0, keys: 0, rooms: 0, links: 0, messages: 0 }

  constructor(older: Older | null) {
    this.#older = older
  }

  async users(file: string): Promise<void> {
    let user: { readonly line: Of<'user'>; readonly check: KeyLogCheck } | null = null
    const close = (): void => {
      if (!user) return
      this.#add(user.check.end(user.line.head))
      this.#add(user.check.compare(user.line.keys))
      this.#keys.set(user.line.id, user.check.keys)
    }
    for await (const line of readExport(file, ['user', 'key'])) {
      if (line.kind === 'user') {
        close()
        this.#once('user', line.id)
        user = { line, check: new KeyLogCheck(line.id, nodeCrypto, this.#older?.users.get(line.id) ?? NO_HEAD) }
        this.#counts.users += 1
      } else if (line.kind === 'key') {
        if (line.user !== user?.line.id)
          throw new OperatorError(`An entry of ${line.user} in ${file} stands elsewhere.`)
        this.#add(await user.check.take(line))
        this.#counts.keys += 1
      }
    }
    close()
    this.#missing('user', this.#older?.users.keys() ?? [])
  }

  async rooms(file: string): Promise<void> {
    let room: Room | null = null
    for await (const line of readExport(file, ['room', 'event'])) {
      if (line.kind === 'room') {
        if (room) this.#add(room.close())
        this.#once('room', line.id)
        const older = this.#older?.rooms.get(line.id)
        const known = (id: string) => this.#keys.get(id) ?? NO_KEYS
        room = new Room(line, new RoomCheck(line.id, known, nodeCrypto, older?.head ?? NO_HEAD))
        if (older && older.sequence > line.sequence)
          this.#add([
            room.fault('rollback', null, `its log ends at ${line.sequence}, it was seen up to ${older.sequence}`),
          ])
        this.#counts.rooms += 1
      } else if (line.kind === 'event') {
        if (line.room !== room?.line.id)
          throw new OperatorError(`An event of ${line.room} in ${file} stands elsewhere.`)
        this.#add(await room.take(line))
        if (line.link) this.#counts.links += 1
        else this.#counts.messages += 1
      }
    }
    if (room) this.#add(room.close())
    this.#missing('room', this.#older?.rooms.keys() ?? [])
  }

  verified(): Verified {
    const { users, keys, rooms, links, messages } = this.#counts
    const against = this.#older
      ? [
          `${this.#older.users.size} key logs and ${this.#older.rooms.size} rooms of the older export: each goes on from where it was`,
        ]
      : []
    return {
      checked: [
        `${users} key logs with ${keys} entries: chains, bindings of keys, the keys that are served`,
        `${rooms} rooms with ${links} entries: chains, signatures, new keys and their wraps, members and admins that are served`,
        `${messages} messages and deletions: places in their logs, and in X's rooms signatures, senders and keys`,
        ...against,
      ],
      faults: this.#faults,
      found: this.#found,
    }
  }

  #once(of: Fault['of'], id: string): void {
    if (this.#seen.has(`${of} ${id}`)) this.#add([{ fault: 'order', of, id, at: null, text: 'it stands twice' }])
    this.#seen.add(`${of} ${id}`)
  }

  #missing(of: Fault['of'], ids: Iterable<string>): void {
    for (const id of ids)
      if (!this.#seen.has(`${of} ${id}`))
        this.#add([{ fault: 'rollback', of, id, at: null, text: 'it was there in the older export' }])
  }

  #add(faults: readonly Fault[]): void {
    for (const fault of faults) {
      this.#found += 1
      if (this.#faults.length < FAULTS_SHOWN) this.#faults.push(sentenceOf(fault))
    }
  }
}

const NO_KEYS: ReadonlyMap<string, LoggedKey> = new Map()

/** One room: its chain and the events between its links. */
class Room {
  readonly line: Of<'room'>
  readonly #check: RoomCheck
  #sequence = 0

  constructor(line: Of<'room'>, check: RoomCheck) {
    this.line = line
    this.#check = check
  }

  async take({ sequence, id, at, actor, body, erased, link }: Of<'event'>): Promise<readonly Fault[]> {
    const faults: Fault[] = []
    if (sequence > this.#sequence + 1)
      faults.push(this.fault('order', sequence, `events are missing after ${this.#sequence}`))
    this.#sequence = sequence
    if (link) {
      const { number, salt, digest, hash } = link
      const entry = { number, sequence, id, at, actor, salt, body }
      return [...faults, ...(await this.#check.take({ number, digest, hash, entry }))]
    }
    if (isControl(body as EventBody))
      faults.push(this.fault('link', sequence, 'it changes who may do what and is in no chain'))
    return [...faults, ...(await this.#check.message({ sequence, id, at, actor, body, ...(erased && { erased }) }))]
  }

  close(): readonly Fault[] {
    const { head, members, admins, epoch, sequence, suite } = this.line
    const faults = [...this.#check.end(head), ...this.#check.compare({ suite, members, admins, epoch })]
    if (this.#sequence !== sequence)
      faults.push(this.fault('order', null, `its events end at ${this.#sequence} and not at ${sequence}`))
    return faults
  }

  fault(fault: Fault['fault'], sequence: number | null, text: string): Fault {
    return { fault, of: 'room', id: this.line.id, at: sequence === null ? null : { sequence }, text }
  }
}

function sentenceOf({ fault, of, id, at, text }: Fault): string {
  const place = at === null ? '' : 'number' in at ? `, entry ${at.number}` : `, event ${at.sequence}`
  return `${of} ${id}${place}: ${text} (${fault})`
}
