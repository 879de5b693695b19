/** Following a chain link by link, whatever its entries say. After a fault it goes on from what was served, so that one
 * fault is named once. */
import { attempt } from '../malformed.ts'
import { canonicalBytes } from './canonical.ts'
import { type ChainHead, type ChainKind, hashOfHex, type Link, linkInput, NO_HEAD, startInput, toHex } from './chain.ts'
import type { ChainCrypto } from './crypto.ts'
import type { Fault, FaultKind } from './fault.ts'

export type Fields = Readonly<Record<string, unknown>>

export interface Taken {
  /** undefined where it is closed to the reader, or cannot be read. */
  readonly entry: Fields | undefined
  readonly faults: readonly Fault[]
}

export class Links {
  readonly kind: ChainKind
  readonly id: string
  readonly #crypto: ChainCrypto
  readonly #remembered: ChainHead
  #number = 0
  #hash: Uint8Array | undefined

  /** `remembered`: a head of this chain that was seen earlier. */
  constructor(kind: ChainKind, id: string, crypto: ChainCrypto, remembered: ChainHead = NO_HEAD) {
    this.kind = kind
    this.id = id
    this.#crypto = crypto
    this.#remembered = remembered
  }

  /** Where it stands: to be remembered when nothing was found. */
  get head(): ChainHead {
    return this.#hash === undefined || this.#number === 0 ? NO_HEAD : { number: this.#number, hash: toHex(this.#hash) }
  }

  async take(given: Link): Promise<Taken> {
    // It came from outside: what is typed here need not be true.
    const link = (fieldsOf(given) ?? {}) as unknown as Link
    const { number } = link
    const hash = hashOfHex(link.hash)
    if (!Number.isSafeInteger(number) || number < 1 || hash === undefined)
      return { entry: undefined, faults: [this.fault('malformed', null, 'a link without a number or a hash')] }
    const faults: Fault[] = []
    const expected = this.#number + 1
    const follows = number === expected
    if (number > expected) {
      const missing = number === expected + 1 ? `${expected} is` : `${expected} to ${number - 1} are`
      faults.push(this.fault('order', number, `${missing} missing before it`))
    } else if (!follows) {
      faults.push(this.fault('order', number, `it comes after ${this.#number}`))
    }
    const { digest, entry, fault } = await this.#entryOf(link)
    if (fault) faults.push(fault)
    if (digest && follows) {
      const previous = this.#hash ?? (await this.#crypto.sha256(startInput(this.kind, this.id)))
      const computed = await this.#crypto.sha256(linkInput(this.kind, previous, digest))
      if (toHex(computed) !== link.hash)
        faults.push(this.fault('link', number, 'its hash does not follow from the entry'))
    }
    const { number: then, hash: known } = this.#remembered
    if (number === then && link.hash !== known)
      faults.push(this.fault('rewritten', number, 'it is another entry than the one that was seen earlier'))
    this.#number = number
    this.#hash = hash
    return { entry, faults }
  }

  /** When every link was taken. `served`: the head that was served with the last of them. */
  end(served: ChainHead): readonly Fault[] {
    const faults: Fault[] = []
    const { number, hash } = this.head
    if (served.number !== number)
      faults.push(this.fault('head', number || null, `the chain ends here, the head is said to be ${served.number}`))
    else if (served.hash !== hash) faults.push(this.fault('head', number || null, 'the head has another hash'))
    const { number: then } = this.#remembered
    if (then > number)
      faults.push(this.fault('rollback', number || null, `the chain ends here, it was seen up to ${then}`))
    return faults
  }

  fault(fault: FaultKind, number: number | null, text: string): Fault {
    const of = this.kind === 'key log' ? 'user' : 'room'
    return { fault, of, id: this.id, at: number === null ? null : { number }, text }
  }

  /** Where the digest is of another entry, the chain is followed by the digest and what is said by the entry. */
  async #entryOf({ number, digest, entry }: Link): Promise<{
    readonly digest?: Uint8Array | undefined
    readonly entry?: Fields | undefined
    readonly fault?: Fault
  }> {
    const given = hashOfHex(digest)
    if (entry === undefined) {
      if (given) return { digest: given }
      return { fault: this.fault('malformed', number, 'neither an entry nor a digest') }
    }
    const bytes = attempt(() => canonicalBytes(entry))
    if (!bytes.ok) return { fault: this.fault('malformed', number, `the entry is ${bytes.error}`) }
    const computed = await this.#crypto.sha256(bytes.value)
    const fields = fieldsOf(entry)
    if (fields?.number !== number)
      return { fault: this.fault('malformed', number, 'the entry has another number than its link') }
    if (digest === undefined || digest === toHex(computed)) return { digest: computed, entry: fields }
    return { digest: given, entry: fields, fault: this.fault('link', number, 'its digest is of another entry') }
  }
}

/** The members of an object; undefined for anything else. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

export function textIn(fields: Fields | undefined, name: string): string | undefined {
  const value = fields?.[name]
  return typeof value === 'string' ? value : undefined
}

/** undefined unless every element is a text. */
export function textsIn(fields: Fields | undefined, name: string): readonly string[] | undefined {
  const value = fields?.[name]
  return Array.isArray(value) && value.every(element => typeof element === 'string') ? value : undefined
}
