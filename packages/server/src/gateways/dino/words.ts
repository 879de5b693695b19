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
  /** They have come, and there are none. */
  #none = false

  constructor(parts: GatewayParts) {
    this.#parts = parts
    parts.bus.subscribe('all', message => {
      if (message.kind === 'changed' && message.of === 'document' && message.id === WORDS) this.#words = undefined
    })
  }

  /** Whether one of the words stands anywhere in the text, whatever its case; in one that is JSON with a text also as
   * clients show that, for JSON may write any letter in other ones. */
  within(text: string): boolean | Promise<boolean> {
    if (this.none) return false
    return this.#known().then(words => isWithin(words, text))
  }

  /** There are none at all, as on most sites, and nobody has to wait to hear that. */
  get none(): boolean {
    return this.#none && this.#isNew
  }

  /** Words were added or taken away. A node that does not hear of it forgets its own after WORDS_AGE. */
  changed(): void {
    this.#parts.bus.publish('all', { kind: 'changed', of: 'document', id: WORDS })
  }

  get #isNew(): boolean {
    return this.#words !== undefined && Math.abs(this.#parts.clock.now() - this.#at) < WORDS_AGE
  }

  #known(): Promise<readonly string[]> {
    if (this.#words && this.#isNew) return this.#words
    this.#at = this.#parts.clock.now()
    const words = this.#parts.reading.words().then(all => all.map(word => word.toLowerCase()).filter(Boolean))
    this.#words = words
    this.#none = false
    words.then(
      all => {
        if (this.#words === words) this.#none = all.length === 0
      },
      () => {
        if (this.#words === words) this.#words = undefined
      },
    )
    return words
  }
}

function isWithin(words: readonly string[], text: string): boolean {
  if (words.length === 0) return false
  const shown = [text, spokenText(text) ?? ''].map(each => each.toLowerCase())
  return words.some(word => shown.some(each => each.includes(word)))
}
