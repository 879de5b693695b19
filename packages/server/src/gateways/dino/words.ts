// The words that are not let through (dino.md section 11): a message with one of them reaches its sender alone.
import type { GatewayParts } from '../gateway.ts'
import { WORDS_AGE } from './limits.ts'
import { spokenText } from './whispers.ts'

/** No document of the store: what nodes tell each other of all of them. */
const WORDS = 'dino.words/'

export class Words {
  readonly #parts: GatewayParts
  #at = Number.NEGATIVE_INFINITY
  #words: Promise<readonly string[]> | undefined

  constructor(parts: GatewayParts) {
    this.#parts = parts
    parts.bus.subscribe('all', message => {
      if (message.kind === 'changed' && message.of === 'document' && message.id === WORDS) this.#words = undefined
    })
  }

  /** Whether one of the words stands anywhere in the text, whatever its case; in one that is JSON with a text also as
   * clients show that, for JSON may write any letter in other ones. */
  async within(text: string): Promise<boolean> {
    const words = await this.#known()
    if (words.length === 0) return false
    const shown = [text, spokenText(text) ?? ''].map(each => each.toLowerCase())
    return words.some(word => shown.some(each => each.includes(word)))
  }

  /** Words were added or taken away. A node that does not hear of it forgets its own after WORDS_AGE. */
  changed(): void {
    this.#parts.bus.publish('all', { kind: 'changed', of: 'document', id: WORDS })
  }

  #known(): Promise<readonly string[]> {
    const now = this.#parts.clock.now()
    if (this.#words && Math.abs(now - this.#at) < WORDS_AGE) return this.#words
    this.#at = now
    const words = this.#parts.reading.words().then(all => all.map(word => word.toLowerCase()).filter(Boolean))
    this.#words = words
    words.catch(() => {
      if (this.#words === words) this.#words = undefined
    })
    return words
  }
}
