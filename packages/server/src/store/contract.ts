// What every Store does, whatever keeps it. An adapter's test calls storeContract; the sentences of testing/ are the
// contract. Invariants of the design that a store upholds are named in them (L2, L3, L6, L7, L10).
import { describe } from 'vitest'
import type { Store } from './store.ts'
import { branchSentences } from './testing/branches.ts'
import { chainSentences } from './testing/chains.ts'
import { commitSentences } from './testing/commit.ts'
import { coverageSentences } from './testing/coverage.ts'
import { documentSentences } from './testing/documents.ts'
import { fadingSentences } from './testing/fading.ts'
import { fileSentences } from './testing/files.ts'
import { hiddenSentences } from './testing/hidden.ts'
import { historySentences } from './testing/histories.ts'
import { markSentences } from './testing/marks.ts'
import { membershipSentences } from './testing/memberships.ts'
import { outgoingSentences } from './testing/outgoing.ts'
import { pageSentences } from './testing/pages.ts'
import { placeSentences } from './testing/places.ts'
import { receiptSentences } from './testing/receipts.ts'
import { roomSentences } from './testing/rooms.ts'
import { rowSentences } from './testing/rows.ts'
import { textSentences } from './testing/texts.ts'
import { whisperSentences } from './testing/whispers.ts'

export interface OpenStore {
  readonly store: Store
  close(): Promise<void>
  /** Loses the process between two commits, without a word to the store, and opens what it left behind. Every durable
   * store has it. */
  crashAndReopen?(): Promise<Store>
}

export interface ContractOptions {
  /** False for a store that ends with its process: the sentences about crashes are left out. Default true. */
  readonly durable?: boolean
}

/** `open` gives an empty store each time, of a node between 0 and 1023 and a clock that stands at `NOW` of items.ts. */
export function storeContract(name: string, open: () => Promise<OpenStore>, options: ContractOptions = {}): void {
  const durable = options.durable ?? true
  describe(`store: ${name}`, () => {
    describe('commit', () => commitSentences(open, durable))
    describe('rooms', () => roomSentences(open))
    describe('branches', () => branchSentences(open))
    describe('pages', () => pageSentences(open))
    describe('chains', () => chainSentences(open, durable))
    describe('whispers', () => whisperSentences(open))
    describe('fading messages', () => fadingSentences(open))
    describe('files of messages', () => fileSentences(open))
    describe('hidden messages', () => hiddenSentences(open))
    describe('marks', () => markSentences(open))
    describe('coverage', () => coverageSentences(open))
    describe('places', () => placeSentences(open))
    describe('rows', () => rowSentences(open))
    describe('receipts', () => receiptSentences(open))
    describe('memberships', () => membershipSentences(open))
    describe('outgoing', () => outgoingSentences(open, durable))
    describe('documents', () => documentSentences(open))
    describe('texts', () => textSentences(open))
    describe('histories', () => historySentences(open, durable))
  })
}
