// What administrators have changed of a table of defaults: a document for each entry, held in memory on every node and
// read again when any node says that one has changed.
import type { GatewayParts } from '../../gateway.ts'
import { OVERRIDES } from '../limits.ts'

export class Overrides<T> {
  readonly #parts: GatewayParts
  readonly #kind: string
  readonly #values = new Map<string, T>()
  /** Of each entry the newest reading that was taken over: one that began before it may end after it. */
  readonly #taken = new Map<string, number>()
  #readings = 0

  private constructor(parts: GatewayParts, kind: string) {
    this.#parts = parts
    this.#kind = kind
  }

  /** `told`: called with the key after an entry has changed, on every node. */
  static async open<T>(parts: GatewayParts, kind: string, told: (key: string) => void): Promise<Overrides<T>> {
    const overrides = new Overrides<T>(parts, kind)
    const prefix = `${kind}/`
    /** Until everything was read: what changes meanwhile is read once more. */
    let changed: Set<string> | null = new Set()
    const renew = (key: string): void => {
      void overrides.#read(key).then(
        () => told(key),
        error => parts.log.error({ wire: 'rocketchat', err: error }, 'what an administrator changed cannot be read'),
      )
    }
    parts.bus.subscribe('all', message => {
      if (message.kind !== 'changed' || message.of !== 'document' || !message.id.startsWith(prefix)) return
      const key = message.id.slice(prefix.length)
      if (changed) changed.add(key)
      else renew(key)
    })
    for (let after: string | null = null; ; ) {
      const page = await parts.reading.documents(kind, { after, limit: OVERRIDES })
      for (const { key, body } of page) overrides.#values.set(key, JSON.parse(body))
      after = page.at(-1)?.key ?? null
      if (page.length < OVERRIDES || after === null) break
    }
    const missed = changed
    changed = null
    for (const key of missed) renew(key)
    return overrides
  }

  get(key: string): T | undefined {
    return this.#values.get(key)
  }

  entries(): [string, T][] {
    return [...this.#values]
  }

  /** Resolves when it is durable and in force on this node. */
  async put(key: string, value: T): Promise<void> {
    const document = { kind: this.#kind, key, owner: '', body: JSON.stringify(value), dueAt: null }
    await this.#parts.write({ guards: [], append: null, rows: [{ put: 'document', document }] })
    await this.#read(key)
    this.#parts.bus.publish('all', { kind: 'changed', of: 'document', id: `${this.#kind}/${key}` })
  }

  async #read(key: string): Promise<void> {
    const reading = ++this.#readings
    const document = await this.#parts.reading.document(this.#kind, key)
    if ((this.#taken.get(key) ?? 0) > reading) return
    this.#taken.set(key, reading)
    if (document) this.#values.set(key, JSON.parse(document.body))
    else this.#values.delete(key)
  }
}
