// People who write and people who read, on every wire and every node, while something is broken. Whoever loses a connection
// comes back; what was sent, what was acked and what each session heard is kept for the proof.
import { setTimeout as sleep } from 'node:timers/promises'
import type { Hand } from '../conformance/xchat/hand.ts'
import type { Heard, Sent } from './proof.ts'
import type { Connection, Message, Person, Place, Wire } from './wires/wire.ts'

/** Where a node is, at the moment. */
export interface Node {
  readonly name: string
  readonly url: string
}

export interface Role {
  readonly wire: Wire
  readonly node: Node
  readonly person: Person
  /** Of X; null for who has no keys. */
  readonly hand: Hand | null
  readonly place: Place
}

/** ms until somebody tries again to connect. */
const AGAIN = 150

/** What is known of a message so far. */
export type Record = { -readonly [K in keyof Sent]: Sent[K] }

interface Session {
  readonly role: Role
  after: string | null
  readonly live: string[]
  open: boolean
}

export class Load {
  readonly #sent: Record[] = []
  readonly #sessions: Session[] = []
  readonly #running: Promise<void>[] = []
  readonly #connections = new Set<Connection>()
  /** What went wrong on the way, for whoever looks into a failure. */
  readonly troubles: string[] = []
  #sending = true
  #reading = true
  #writing = 0
  #counter = 0
  readonly #tag: string

  /** `tag`: begins the name of each message. */
  constructor(tag: string) {
    this.#tag = tag
  }

  /** `pace`: ms between an answer and the next message. */
  write(role: Role, pace = 15): void {
    this.#running.push(this.#write(role, pace))
  }

  /** Resolves when it listens, if all is well; then, or after trouble, it goes on by itself. */
  async read(role: Role): Promise<void> {
    await new Promise<void>(resolve => this.#running.push(this.#read(role, resolve)))
  }

  /** Of a message that is being sent. */
  record(place: Place, name: string): Record {
    const record: Record = { room: place.id, name, id: null, acked: false }
    this.#sent.push(record)
    return record
  }

  get sent(): readonly Sent[] {
    return this.#sent
  }

  get acked(): number {
    return this.#sent.reduce((sum, { acked }) => sum + (acked ? 1 : 0), 0)
  }

  get heard(): Heard[] {
    return this.#sessions.map(({ role, after, live, open }) => ({
      who: `${role.person.id} on ${role.wire.name} at ${role.node.name}`,
      room: role.place.id,
      after,
      live,
      open,
    }))
  }

  /** Who has a session in that room: over X nobody is inside of anything. */
  inside(room: Place['id']): string[] {
    return this.#sessions
      .filter(({ role, open }) => open && role.place.id === room && role.wire.name !== 'xchat')
      .map(({ role }) => role.person.id)
  }

  /** Nobody writes any more, and everything that was sent is answered or given up. */
  async quiet(): Promise<void> {
    this.#sending = false
    while (this.#writing > 0) await sleep(10)
  }

  /** Everybody goes. Sessions that were open count as open: they have heard all that they will. */
  async end(): Promise<void> {
    this.#sending = false
    this.#reading = false
    for (const connection of this.#connections) connection.close()
    await Promise.all(this.#running)
  }

  async #write(role: Role, pace: number): Promise<void> {
    this.#writing++
    let connection: Connection | null = null
    let message: Message | null = null
    let record: Record | null = null
    try {
      while (this.#sending || message) {
        try {
          connection ??= await this.#connect(role)
          if (!message) {
            message = connection.message(
              role.place,
              `${this.#tag} ${role.node.name} ${role.wire.name} ${this.#counter++}`,
            )
            record = this.record(role.place, message.name)
          }
          const answer = await connection.send(role.place, message)
          if (answer.acked && record) Object.assign(record, answer)
          const done = answer.acked || !answer.again
          if (!done) this.troubles.push(`${message.name}: refused for now`)
          if (done) message = null
          await sleep(done ? pace : AGAIN)
        } catch (error) {
          this.troubles.push(`${role.node.name} ${role.wire.name}: ${error}`)
          if (connection) this.#drop(connection)
          connection = null
          // What has no id of its own cannot be sent again: it may be there.
          if (message?.body === null || !this.#sending) message = null
          await sleep(AGAIN)
        }
      }
    } finally {
      this.#writing--
      if (connection) this.#drop(connection)
    }
  }

  async #read(role: Role, listening: () => void): Promise<void> {
    while (this.#reading) {
      const session: Session = { role, after: null, live: [], open: false }
      let connection: Connection | null = null
      try {
        connection = await this.#connect(role)
        session.after = await connection.listen(role.place, name => session.live.push(name))
        session.open = true
        this.#sessions.push(session)
        listening()
        while (this.#reading && !connection.closed) await sleep(20)
        if (this.#reading) session.open = false
      } catch (error) {
        this.troubles.push(`${role.node.name} ${role.wire.name}: ${error}`)
        listening()
      }
      if (connection) this.#drop(connection)
      if (this.#reading) await sleep(AGAIN)
    }
  }

  async #connect({ wire, node, person, hand }: Role): Promise<Connection> {
    const connection = await wire.connect(node.url, person, hand)
    this.#connections.add(connection)
    return connection
  }

  #drop(connection: Connection): void {
    this.#connections.delete(connection)
    connection.close()
  }
}
