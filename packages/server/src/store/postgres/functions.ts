// The functions that commits are made of, in the words of the files that read what they write.
import type { Functions } from '../../postgres/migrations.ts'
import { CHAIN_WRITES } from './chain-sql.ts'
import { COMMIT } from './commit-sql.ts'
import { WRITES as DOCUMENT_WRITES } from './documents.ts'
import { WRITES as HIDDEN_WRITES } from './hidden.ts'
import { WRITES as IDENTITY_WRITES } from './identity.ts'
import { WRITES as MARK_WRITES } from './marks.ts'
import { WRITES as MEMBERSHIP_WRITES } from './memberships.ts'
import { MESSAGE_WRITES } from './messages.ts'
import { WRITES as OUTGOING_WRITES } from './outgoing.ts'
import { PROJECTED_WRITES } from './projected.ts'
import { WRITES as RECEIPT_WRITES } from './receipts.ts'

export const STORE_FUNCTIONS: Functions = {
  of: 'store',
  texts: [
    COMMIT,
    CHAIN_WRITES,
    PROJECTED_WRITES,
    MESSAGE_WRITES,
    IDENTITY_WRITES,
    DOCUMENT_WRITES,
    OUTGOING_WRITES,
    RECEIPT_WRITES,
    HIDDEN_WRITES,
    MARK_WRITES,
    MEMBERSHIP_WRITES,
  ],
}
